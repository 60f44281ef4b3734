/** The battery on the simulated host. */
import { assert } from "../../src/assert.ts";
import type { Host, HostEvent } from "../../src/host.ts";
import { type Instant, milliseconds } from "../../src/time.ts";
import { Lan } from "../sim/lan.ts";
import { CONTRACT_CASES } from "./battery.ts";
import { type ContractLab, waitUntil } from "./lab.ts";

for (const { name, run } of CONTRACT_CASES) {
  Deno.test(`SimHost: ${name}`, async () => {
    const lab = await openLab();
    try {
      await run(lab);
    } finally {
      lab.close();
    }
  });
}

async function openLab(): Promise<ContractLab> {
  const lan = new Lan(1);
  const [host, peer] = ["host", "peer"].map((name, i) => {
    const machine = lan.createMachine(name);
    machine.createPort("eth0", "lan");
    machine.addForeign("eth0", `10.77.0.${i + 1}/24`);
    return drivenHost(lan, machine.name);
  });
  await lan.run(milliseconds(1));
  assert(host !== undefined && peer !== undefined, "there are two hosts");
  const machine = lan.machine("host");
  return {
    host,
    peer,
    world: {
      setCarrier: (running) => machine.setCarrier("eth0", running),
      setUp: (up) => up ? lan.switchOn("host", "eth0") : machine.setUp("eth0", false),
      addAddress: (text) => void machine.addForeign("eth0", text),
      deleteAddress: (text) => machine.deleteForeign("eth0", text),
      deleteInterface: () => machine.deletePort("eth0"),
      clonePeer: () => lan.machine("peer").setMac("eth0", machine.port("eth0")?.mac),
      createInterface: () => {
        machine.createPort("eth0", "lan");
        machine.addForeign("eth0", "10.77.0.1/24");
      },
    },
    until: waitUntil,
    close: () => {},
  };
}

/**
 * A host whose own calls let virtual time pass: each wait until it is over, each packet until it
 * has arrived.
 */
function drivenHost(lan: Lan, name: string): Host {
  const host = lan.start(lan.machine(name), () => new Promise<void>(() => {}));
  host.keepsTimeStill = false;
  const wait = async (deadline: Instant | undefined): Promise<readonly HostEvent[]> => {
    const waiting = host.wait(deadline);
    let over = false;
    void waiting.then(() => over = true);
    while (!over) await lan.run(milliseconds(1));
    return await waiting;
  };
  return new Proxy(host, {
    get(target, key) {
      if (key === "wait") return wait;
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
