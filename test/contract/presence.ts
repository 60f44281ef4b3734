/** What every Host finds out about another machine: whether it is there, and takes VRRP. */
import assert from "node:assert/strict";
import type { Endpoint, PresenceQuestion } from "../../src/host.ts";
import { ip } from "../../src/net/ip.ts";
import type { PresenceAnswer } from "../../src/wire/presence.ts";
import { type ContractCase, type ContractLab, HOST4, linkLocalOf, PEER4 } from "./lab.ts";

const PORT = 9336;

/** Cases about the presence of others. */
export const PRESENCE_CASES: readonly ContractCase[] = [
  {
    name: "a machine takes VRRP where something there does: by protocol 112, UDP and IPv6",
    async run(lab) {
      const { host, peer } = lab;
      const [own6, peer6] = [linkLocalOf(host), linkLocalOf(peer)];
      const unicast = { kind: "unicast", interface: "eth0" } as const;
      const endpoints: readonly Endpoint[] = [
        { ...unicast, family: "ipv4", source: PEER4 },
        { ...unicast, family: "ipv6", source: peer6 },
        { ...unicast, kind: "udp", family: "ipv4", source: PEER4, port: PORT },
      ];
      for (const endpoint of endpoints) peer.open(endpoint);
      const open: PresenceAnswer = { vrrp: "open", machine: "answers" };
      const to4 = { source: HOST4, address: PEER4 };
      assert.deepEqual(
        await answersTo(lab, {
          "protocol 112": { target: to4 },
          "IPv6": { target: { source: own6, address: peer6 } },
          "UDP": { target: { ...to4, port: PORT } },
          "another port": { target: { ...to4, port: PORT + 1 } },
          "a group": { target: to4, group: true },
        }),
        {
          "protocol 112": open,
          "IPv6": open,
          "UDP": open,
          "another port": { vrrp: "closed", machine: "answers" },
          "a group": { vrrp: "unknown", machine: "answers" },
        },
      );
    },
  },
  {
    name: "a machine on which nothing takes VRRP says so, one that is not there does not answer",
    async run(lab) {
      const { host, peer } = lab;
      const [own6, peer6] = [linkLocalOf(host), linkLocalOf(peer)];
      const closed: PresenceAnswer = { vrrp: "closed", machine: "answers" };
      assert.deepEqual(
        await answersTo(lab, {
          "IPv4": { target: { source: HOST4, address: PEER4 } },
          "IPv6": { target: { source: own6, address: peer6 } },
          "nobody": { target: { source: HOST4, address: ip("10.77.0.99") } },
        }),
        { "IPv4": closed, "IPv6": closed, "nobody": { vrrp: "unknown", machine: "unreachable" } },
      );
    },
  },
];

/** Asks all at once; the answers by the names of the questions. */
async function answersTo(
  { host, until }: ContractLab,
  questions: Readonly<Record<string, Partial<PresenceQuestion> & Pick<PresenceQuestion, "target">>>,
): Promise<Readonly<Record<string, PresenceAnswer>>> {
  const names = Object.keys(questions);
  for (const [node, question] of Object.entries(questions)) {
    host.askPresence({ node, interface: "eth0", group: false, ...question });
  }
  const found = new Map<string, PresenceAnswer>();
  await until(host, (soFar) => {
    for (const event of soFar) {
      if (event.kind === "presence") found.set(event.node, event.answer);
    }
    return found.size === names.length;
  });
  return Object.fromEntries(names.flatMap((name) => {
    const answer = found.get(name);
    return answer === undefined ? [] : [[name, answer]];
  }));
}
