/** The battery on the real host: two namespaces on one bridge. */
import { linkNamed } from "../../src/net/interfaces.ts";
import { isLinkLocal } from "../../src/net/ip.ts";
import { formatMac } from "../../src/net/mac.ts";
import { demand } from "../support/lab/command.ts";
import { Lan } from "../support/lab/lan.ts";
import { hostIn, kernelTest, type NamespacedHost } from "../support/kernel/netns.ts";
import { CONTRACT_CASES } from "./battery.ts";
import { type ContractLab, waitUntil } from "./lab.ts";

for (const { name, run } of CONTRACT_CASES) {
  kernelTest(`LinuxHost: ${name}`, async () => {
    const lab = await openLab();
    try {
      await run(lab);
    } finally {
      await lab.close();
    }
  });
}

async function openLab(): Promise<ContractLab> {
  const lan = await Lan.open({ hosts: ["host", "peer"] });
  const machine = lan.host("host");
  const [host, peer] = ["host", "peer"].map((name) => hostIn(lan.host(name).namespace)) as [
    NamespacedHost,
    NamespacedHost,
  ];
  const [port] = machine.ports;
  for (const one of [host, peer]) await waitUntil(one, () => isUsable(one));
  return {
    host,
    peer,
    world: {
      setCarrier: (running) => running ? machine.plug() : machine.unplug(),
      setUp: (up) => up ? machine.linkUp() : machine.linkDown(),
      addAddress: async (text) => void await machine.ip("addr", "add", text, "dev", "eth0"),
      deleteAddress: async (text) => void await machine.ip("addr", "del", text, "dev", "eth0"),
      deleteInterface: async () => void await machine.ip("link", "del", "eth0"),
      clonePeer: async () => {
        const mac = linkNamed(host.interfaces(), "eth0")?.mac;
        if (mac === undefined) throw new Error("eth0 has no MAC");
        const clone = lan.host("peer");
        await clone.ip("link", "set", "eth0", "down");
        await clone.ip("link", "set", "eth0", "address", formatMac(mac));
        await clone.ip("link", "set", "eth0", "up");
      },
      createInterface: async () => {
        const script = [
          `link add ${port.peer} type veth peer name eth0 netns ${machine.namespace}`,
          `link set ${port.peer} master ${port.bridge} up`,
        ];
        const input = script.join("\n");
        await demand(["ip", "-n", lan.bridgeNamespace, "-batch", "-"], { input });
        await machine.linkUp();
        await machine.ip("addr", "add", "10.77.0.1/24", "dev", "eth0");
      },
    },
    until: waitUntil,
    async close() {
      host[Symbol.dispose]();
      peer[Symbol.dispose]();
      await lan.close();
    },
  };
}

/** Carrier and the link-local address come a moment after the cable. */
function isUsable(host: NamespacedHost): boolean {
  const interfaces = host.interfaces();
  const link = linkNamed(interfaces, "eth0");
  return link?.running === true &&
    interfaces.addresses.some(({ index, tentative, prefix }) =>
      index === link.index && !tentative && prefix.address.family === "ipv6" &&
      isLinkLocal(prefix.address)
    );
}
