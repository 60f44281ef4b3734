/**
 * Field situations that only a backup can see: its master is heard, and the address is answered for
 * by no machine, or by two that it cannot tell apart.
 */
import assert from "node:assert/strict";
import { demand } from "../../support/lab/command.ts";
import type { Floatip } from "../../support/interop/floatip.ts";
import { type Field, fieldCases, FLOATING } from "../../support/field/field.ts";

/**
 * A backup says so within so long, in milliseconds: it polls every two seconds and asks three
 * times, which takes 6 s; a busy machine takes longer. Without polls it would take up to 16 s.
 */
const SAID_WITHIN_MS = 10_000;

/** A node that doubts asks three times, the others hear it: some 15 s where all is well before. */
const ALL_SAY_MS = 25_000;

/** A macvlan on the card of `name` has the floating address, elsewhere: as that of a container. */
async function container(field: Field, name: string): Promise<void> {
  const [host, client] = [field.host(name), field.host("client")];
  // The client's own card does not answer for what the other one has.
  await demand(client.argv(["sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1"]));
  const macvlan = ["inside", "link", "eth0", "type", "macvlan", "mode", "bridge"];
  await host.ip("link", "add", ...macvlan);
  await host.ip("link", "set", "inside", "netns", client.namespace);
  await client.ip("link", "set", "inside", "up");
  await client.ip("addr", "add", `${FLOATING}/32`, "dev", "inside");
}

/** No [nodes], and adverts by multicast: they need no ARP. */
function byHand(field: Field, priority: number): string {
  return field.file({ nodes: {}, lines: ['interface = "eth0"', `priority = ${priority}`] });
}

/** Starts a as master and b as backup, and waits until both say that all is well. */
async function wellPair(field: Field): Promise<readonly [Floatip, Floatip]> {
  const pair = await field.pair(byHand(field, 150), byHand(field, 100));
  await field.untilCode(0, pair);
  return pair;
}

/** Resolves when `floatip status` of `node` exits with `code` and says `words`. */
async function untilSaid(field: Field, node: Floatip, code: number, words: RegExp): Promise<void> {
  await field.untilCode(code, [node], SAID_WITHIN_MS);
  const { text } = await field.status(node);
  assert.match(text, words);
}

fieldCases("what a backup sees", [
  {
    name: "a packet filter of the master drops questions for the address",
    programs: ["nft"],
    play: async (field) => {
      const [, b] = await wellPair(field);
      const rule = `arp operation request arp daddr ip ${FLOATING} drop;`;
      await field.nft(
        "a",
        `table arp field {
          chain input { type filter hook input priority 0; policy accept; ${rule} }
        }\n`,
      );
      await untilSaid(field, b, 2, /a master is heard, and no machine answers for the address/);
      const { health, state } = await b.instance();
      assert.deepEqual([health, state], ["nobody", "backup"]);
      await field.nft("a", "delete table arp field\n");
      await field.untilCode(0, [b]);
    },
  },
  {
    name: "the master's kernel is told not to answer ARP",
    play: async (field) => {
      const [a, b] = await wellPair(field);
      const set = async (value: number): Promise<unknown> =>
        await demand(
          field.host("a").argv(["sysctl", "-qw", `net.ipv4.conf.eth0.arp_ignore=${value}`]),
        );
      await set(8);
      await untilSaid(field, a, 1, /eth0 does not answer ARP for \S+ \(sysctl arp_ignore is 8\)/);
      await untilSaid(field, b, 1, /10\.77\.0\.1 is heard, and answers no question/);
      await set(0);
      await field.untilCode(0, [a, b]);
    },
  },
  {
    name: "the master's card has ARP off",
    play: async (field) => {
      const [a, b] = await wellPair(field);
      await field.host("a").ip("link", "set", "eth0", "arp", "off");
      await untilSaid(field, b, 1, /10\.77\.0\.1 is heard, and answers no question/);
      await untilSaid(field, a, 1, /eth0 does not answer ARP \(NOARP\): no machine there finds/);
      await field.host("a").ip("link", "set", "eth0", "arp", "on");
      await field.untilCode(0, [a, b]);
    },
  },
  {
    name: "the master has a second card on the LAN: it is no other machine",
    play: async (field) => {
      const [a, b] = await field.pair();
      await field.untilCode(0, [a, b]);
      const master = field.host("a");
      await master.ip("link", "add", "second", "link", "eth0", "type", "macvlan", "mode", "bridge");
      await master.ip("link", "set", "second", "up");
      await master.ip("addr", "add", "10.77.0.31/24", "dev", "second");
      const words = /a \(10\.77\.0\.1\) answers with the hardware addresses \S+ and \S+: two/;
      await field.until("b sees both cards", async () => words.test((await field.status(b)).text));
      await field.untilCode(1, [b], SAID_WITHIN_MS);
      assert.doesNotMatch((await field.status(b)).text, /HELD TWICE|another machine uses/);
      await master.ip("link", "del", "second");
      await field.untilCode(0, [a, b]);
    },
  },
  {
    name: "a macvlan container on the master's own machine has the address: all nodes say so",
    play: async (field) => {
      const [a, b] = await field.pair();
      await field.untilCode(0, [a, b]);
      await container(field, "a");
      const words = /its answers leave by this machine's own card: a container or virtual machine/;
      await field.untilCode(2, [b], ALL_SAY_MS);
      await field.untilCode(2, [a], ALL_SAY_MS);
      assert.match((await field.status(a)).text, words);
      await field.host("client").ip("link", "del", "inside");
      await field.untilCode(0, [a, b]);
    },
  },
  {
    name: "a macvlan container on the backup's own machine has the address: all nodes say so",
    play: async (field) => {
      const [a, b] = await field.pair();
      await field.untilCode(0, [a, b]);
      await container(field, "b");
      await field.untilCode(2, [a], ALL_SAY_MS);
      await field.untilCode(2, [b], ALL_SAY_MS);
      await field.host("client").ip("link", "del", "inside");
      await field.untilCode(0, [a, b]);
    },
  },
  {
    name: "the master's address is at two MACs: a third node says that it cannot tell",
    play: async (field) => {
      const [a, c] = [field.host("a"), field.host("client")];
      await field.host("b").ip("addr", "flush", "dev", "eth0", "scope", "global");
      await field.host("b").ip("addr", "add", `${a.address}/24`, "dev", "eth0");
      const [first, second] = [
        await field.run("a", byHand(field, 150)),
        await field.run("b", byHand(field, 120)),
      ];
      await Promise.all([first.untilState("master"), second.untilState("master")]);
      const third = await field.run(c.name, byHand(field, 50));
      await third.untilState("backup");
      const words =
        /10\.77\.0\.1 answers with the hardware addresses \S+ and \S+: two machines have/;
      await field.until("c sees both", async () => words.test((await field.status(third)).text));
      await untilSaid(field, third, 1, words);
      await second.crash();
      await field.untilCode(0, [third]);
    },
  },
]);
