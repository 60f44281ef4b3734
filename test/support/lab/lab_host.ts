/** One machine of the lab: run programs in it, pull its cables, read its addresses. */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { demand, type Outcome, run, type RunOptions, withPlainKill } from "./command.ts";

/** One network card and the bridge port its cable leads to. */
export interface Port {
  /** The name inside the host, for instance "eth0". */
  readonly interface: string;
  /** The other end, in the bridge's namespace. */
  readonly peer: string;
  readonly bridge: string;
  /** "10.77.0.1/24"; undefined: none. */
  readonly ipv4: string | undefined;
  /** "fd77::1/64"; undefined: only the link-local address. */
  readonly ipv6: string | undefined;
}

/** One line of `ip addr`. */
export interface AddressLine {
  readonly interface: string;
  readonly family: "inet" | "inet6";
  /** Without the prefix length. */
  readonly address: string;
  readonly prefixLength: number;
  readonly scope: string;
  readonly label: string | undefined;
  readonly secondary: boolean;
  /**
   * Preferred lifetime in seconds; 0: deprecated, never chosen as a source; 4294967295: for ever.
   */
  readonly preferredSeconds: number;
  readonly validSeconds: number;
}

/** How {@link LabHost.spawn} starts a program. */
export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /**
   * "pipe" (default): read them as streams; "ignore": to nowhere; "inherit": to this process's own.
   */
  readonly output?: "pipe" | "ignore" | "inherit";
}

/** A network namespace that plays a machine. Made by `Lan.open`, gone when the Lan closes. */
export class LabHost {
  readonly #children = new Set<ChildProcess>();

  constructor(
    readonly name: string,
    readonly namespace: string,
    readonly bridgeNamespace: string,
    readonly ports: readonly [Port, ...Port[]],
  ) {}

  /** The first card's name. */
  get interface(): string {
    return this.ports[0].interface;
  }

  /** The first card's IPv4 address without the prefix length, "" where it has none. */
  get address(): string {
    return this.ports[0].ipv4?.split("/")[0] ?? "";
  }

  /** The first card's IPv6 address without the prefix length, "" where the Lan has no IPv6. */
  get address6(): string {
    return this.ports[0].ipv6?.split("/")[0] ?? "";
  }

  /**
   * The words that start a program in this namespace; exec'd in place, so the pid is the program's
   * own.
   */
  argv(args: readonly string[]): readonly string[] {
    return ["ip", "netns", "exec", this.namespace, ...args];
  }

  /** Runs a program here to its end; a non-zero code is no error. */
  exec(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run(this.argv(args), options);
  }

  /**
   * Runs `ip` here with these words, for instance `ip("addr", "del", …)`; rejects with its words
   * where it fails.
   */
  ip(...words: readonly string[]): Promise<string> {
    return demand(["ip", "-n", this.namespace, ...words]);
  }

  /**
   * Starts a program here. Its pid is the program's own, so a signal reaches it; what still runs is
   * killed at close.
   */
  spawn(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const [program = "", ...rest] = this.argv(args);
    const output = options.output ?? "pipe";
    const child = withPlainKill(spawn(program, rest, {
      stdio: ["ignore", output, output],
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    }));
    this.#children.add(child);
    child.on("close", () => this.#children.delete(child));
    return child;
  }

  /** Pulls the cable: the card sees its carrier go. */
  async unplug(card = this.interface): Promise<void> {
    await demand(["ip", "-n", this.bridgeNamespace, "link", "set", this.#port(card).peer, "down"]);
  }

  /** Puts the cable back. */
  async plug(card = this.interface): Promise<void> {
    await demand(["ip", "-n", this.bridgeNamespace, "link", "set", this.#port(card).peer, "up"]);
  }

  /**
   * Takes the port off the bridge: the card keeps its carrier, nothing arrives and nothing leaves.
   */
  async isolate(card = this.interface): Promise<void> {
    const { peer } = this.#port(card);
    await demand(["ip", "-n", this.bridgeNamespace, "link", "set", peer, "nomaster"]);
  }

  /** Puts the port back on its bridge. */
  async join(card = this.interface): Promise<void> {
    const { peer, bridge } = this.#port(card);
    await demand(["ip", "-n", this.bridgeNamespace, "link", "set", peer, "master", bridge]);
  }

  /**
   * `ip link set CARD down` inside the host; the kernel forgets the card's IPv6 addresses and
   * routes.
   */
  async linkDown(card = this.interface): Promise<void> {
    await this.ip("link", "set", card, "down");
  }

  /** `ip link set CARD up` inside the host. */
  async linkUp(card = this.interface): Promise<void> {
    await this.ip("link", "set", card, "up");
  }

  /** Every address of the host, or of one card. */
  async addresses(card?: string): Promise<readonly AddressLine[]> {
    const lines = JSON.parse(await this.ip("-j", "addr", "show")) as readonly IpLink[];
    return lines.flatMap(toAddressLines).filter((line) =>
      card === undefined || line.interface === card
    );
  }

  /** Does the host hold this address (without prefix length) just now? */
  async holds(address: string): Promise<boolean> {
    return (await this.addresses()).some((line) => line.address === address);
  }

  /** Kills what was spawned and still runs; does not wait. */
  killChildren(): void {
    for (const child of this.#children) child.kill("SIGKILL");
  }

  /** Resolves when everything that was spawned has ended. */
  async childrenEnded(): Promise<void> {
    const running = [...this.#children];
    await Promise.all(running.map((child) => new Promise((resolve) => child.on("close", resolve))));
  }

  #port(card: string): Port {
    const port = this.ports.find((candidate) => candidate.interface === card);
    if (port === undefined) throw new Error(`host ${this.name} has no card ${card}`);
    return port;
  }
}

interface IpLink {
  readonly ifname?: string;
  readonly addr_info?: readonly IpAddress[];
}

interface IpAddress {
  readonly family: "inet" | "inet6";
  readonly local: string;
  readonly prefixlen: number;
  readonly scope: string;
  readonly label?: string;
  readonly secondary?: boolean;
  readonly preferred_life_time: number;
  readonly valid_life_time: number;
}

function toAddressLines(link: IpLink): readonly AddressLine[] {
  return (link.addr_info ?? []).map((address) => ({
    interface: link.ifname ?? "",
    family: address.family,
    address: address.local,
    prefixLength: address.prefixlen,
    scope: address.scope,
    label: address.label,
    secondary: address.secondary ?? false,
    preferredSeconds: address.preferred_life_time,
    validSeconds: address.valid_life_time,
  }));
}
