/** Three booted Debians on a LAN with one file, as a user of the README has them. */
import { Container } from "../lab/container.ts";
import { debianRoot } from "../lab/debian_root.ts";
import { Lan } from "../lab/lan.ts";
import { until } from "../until.ts";

/** The floating address. */
export const ADDRESS = "10.77.0.50";

/** The README's file, with this LAN's addresses; what a test wants besides stands below. */
export const FILE = `[nodes]
pi-a = "10.77.0.1"
pi-b = "10.77.0.2"
pi-c = "10.77.0.3"

[instance.web]
vrid = 51
addresses = ["${ADDRESS}/24"]
prefer = ["pi-a", "pi-b", "pi-c"]
`;

/** Three machines, and a client that is none. */
export class ThreeHosts implements AsyncDisposable {
  private constructor(readonly lan: Lan, readonly machines: Container[]) {}

  /** Boots them; takes half a minute where this machine has no Debian for them yet. */
  static async boot(): Promise<ThreeHosts> {
    const root = await debianRoot();
    const names = ["pi-a", "pi-b", "pi-c"];
    const lan = await Lan.open({ hosts: [...names, "client"] });
    const machines: Container[] = [];
    try {
      for (const name of names) machines.push(await Container.boot(lan.host(name), root));
      return new ThreeHosts(lan, machines);
    } catch (cause) {
      await new ThreeHosts(lan, machines)[Symbol.asyncDispose]();
      throw cause;
    }
  }

  /** The machine of this name. */
  machine(name: string): Container {
    const machine = this.machines.find(({ host }) => host.name === name);
    if (machine === undefined) throw new Error(`there is no ${name}`);
    return machine;
  }

  /** Ends the machine of this name in order and boots it again. */
  async reboot(name: string): Promise<void> {
    const machine = this.machine(name);
    this.machines[this.machines.indexOf(machine)] = await machine.reboot();
  }

  /** Installs `deb` on all. */
  async install(deb: string): Promise<void> {
    await Promise.all(this.machines.map((machine) => install(machine, deb)));
  }

  /** Waits until this machine alone holds {@link ADDRESS}. */
  async heldBy(name: string, limitMs = 15_000): Promise<void> {
    await until(
      `${name} to hold ${ADDRESS}`,
      async () => {
        const holders = await Promise.all(
          this.machines.map(async ({ host }) => await host.holds(ADDRESS) ? [host.name] : []),
        );
        return holders.flat().join() === name;
      },
      limitMs,
      50,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.machines.map((machine) => machine.stop()));
    await this.lan.close();
  }
}

/** As a user does it, with apt; answers what it said. */
export async function install(machine: Container, deb: string): Promise<string> {
  const inside = machine.take(deb);
  const apt = "DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 install -y";
  return await machine.shell(`${apt} --no-install-recommends ${inside} 2>&1`);
}
