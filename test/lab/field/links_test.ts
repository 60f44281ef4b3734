/**
 * Field situations of links that change under a held address: another MAC, set or by a new port.
 */
import assert from "node:assert/strict";
import type { Field } from "../../support/field/field.ts";
import { fieldCases, FLOATING } from "../../support/field/field.ts";

const FLOATING6 = "fd77::100";

/**
 * A neighbour that was told knows at once; one that was not, 5 s after the takeover at the
 * earliest.
 */
const TOLD_WITHIN_MS = 3500;

fieldCases("links that change", [
  {
    name: "clients learn the master's new MAC at once, by ARP and Neighbor Discovery",
    lan: { ipv6: true },
    play: async (field) => {
      const addresses = [`${FLOATING}/24`, `${FLOATING6}/64`];
      const a = await field.run("a", field.file({ addresses, nodes: {} }));
      await a.untilState("master");
      for (const address of [FLOATING, FLOATING6]) await learn(field, address);
      await field.host("a").ip("link", "set", "eth0", "address", "02:00:00:00:77:77");
      for (const address of [FLOATING, FLOATING6]) {
        await untilKnown(field, address, "02:00:00:00:77:77");
      }
    },
  },
  {
    name: "a bridge that takes the MAC of a new port is announced with it",
    play: async (field) => {
      const host = field.host("a");
      await host.ip("link", "add", "br9", "type", "bridge");
      await host.ip("link", "set", "eth0", "address", "7e:00:00:00:00:01");
      await host.ip("addr", "flush", "dev", "eth0");
      await host.ip("link", "set", "eth0", "master", "br9");
      await host.ip("link", "set", "br9", "up");
      await host.ip("addr", "add", "10.77.0.1/24", "dev", "br9");
      const a = await field.run("a", field.file({ nodes: {}, lines: ['interface = "br9"'] }));
      await a.untilState("master");
      await learn(field, FLOATING);
      await host.ip("link", "add", "tap0", "type", "veth", "peer", "name", "tap1");
      await host.ip("link", "set", "tap0", "address", "02:00:00:00:00:01");
      await host.ip("link", "set", "tap0", "master", "br9", "up");
      await untilKnown(field, FLOATING, "02:00:00:00:00:01");
    },
  },
  {
    name: "a link that is renamed under a master keeps no address, also without a lease",
    play: async (field) => {
      const [a, b] = await field.pair(
        field.file({ lines: ['interface = "eth0"', 'lease = "off"'] }),
      );
      await field.host("a").ip("link", "set", "eth0", "name", "lan9");
      await a.untilState("fault");
      assert.equal(await field.host("a").holds(FLOATING), false);
      await b.untilState("master");
      await field.host("a").ip("link", "set", "lan9", "name", "eth0");
      await a.untilState("master");
      await b.untilState("backup");
    },
  },
]);

/** The client speaks to `address`, and has it in its neighbour table from then on. */
function learn(field: Field, address: string): Promise<unknown> {
  return field.until(`the client reaches ${address}`, async () => {
    const words = ["ping", "-c", "1", "-W", "1", address];
    return (await field.host("client").exec(words)).code === 0;
  });
}

function untilKnown(field: Field, address: string, mac: string): Promise<unknown> {
  return field.until(`the client knows ${address} at ${mac}`, async () => {
    return (await field.host("client").ip("neigh", "show", address)).includes(mac);
  }, TOLD_WITHIN_MS);
}
