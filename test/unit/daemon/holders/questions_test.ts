/** Questions for addresses: what is said of a link whose neighbours ask in vain. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { withoutArp } from "../../../../src/daemon/holders/questions.ts";
import type { Link } from "../../../../src/net/interfaces.ts";
import { aPlan } from "../../../support/daemon/plans.ts";
import { link } from "../../../support/net/links.ts";

function said(changes: Partial<Link>, plan = aPlan(), arpIgnore = 0): readonly string[] {
  const interfaces = { links: [link("eth0", 2, changes)], addresses: [] };
  return withoutArp(plan, { interfaces, arpIgnore: () => arpIgnore });
}

Deno.test("questions: a link with ARP switched off is told of, with what switches it on", () => {
  deepStrictEqual(said({}), []);
  const [words = "", ...more] = said({ arp: false });
  match(words, /^eth0 does not answer ARP \(NOARP\): .*; ip link set eth0 arp on$/);
  strictEqual(more.length, 0);
});

Deno.test("questions: nothing is said of dummies and tunnels, nor of IPv6 or other links", () => {
  deepStrictEqual(said({ arp: false, multicast: false }), [], "a dummy");
  deepStrictEqual(said({ arp: false, mac: undefined }), [], "a tunnel");
  deepStrictEqual(said({ arp: false }, aPlan({ addresses: ["fd77::100/64"] })), []);
  const none = { interfaces: { links: [], addresses: [] }, arpIgnore: () => 8 };
  deepStrictEqual(withoutArp(aPlan(), none), []);
});

Deno.test("questions: a kernel that is told not to answer ARP is told of, by address", () => {
  const plan = aPlan({ addresses: ["10.77.0.100/24", "10.77.0.101/32"] });
  for (const answers of [0, 1, 2, 4]) deepStrictEqual(said({}, plan, answers), []);
  const mend = "sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.eth0.arp_ignore=1";
  deepStrictEqual(said({}, plan, 3), [
    "eth0 does not answer ARP for 10.77.0.101 (sysctl arp_ignore is 3): " +
    `no machine there finds this node when it holds it; ${mend}`,
  ]);
  deepStrictEqual(said({}, plan, 8), [
    "eth0 does not answer ARP for 10.77.0.100, 10.77.0.101 (sysctl arp_ignore is 8): " +
    `no machine there finds this node when it holds them; ${mend}`,
  ]);
  deepStrictEqual(said({}, aPlan({ addresses: ["fd77::100/64"] }), 8), [], "IPv6");
  strictEqual(said({ arp: false }, plan, 8).length, 1, "one reason");
});
