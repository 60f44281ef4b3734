/** Questions for addresses: what is said of a link whose neighbours ask in vain. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { withoutArp } from "../../../../src/daemon/holders/questions.ts";
import type { Link } from "../../../../src/net/interfaces.ts";
import { aPlan } from "../../../support/daemon/plans.ts";
import { link } from "../../../support/daemon/recording_host.ts";

function said(changes: Partial<Link>, plan = aPlan()): readonly string[] {
  return withoutArp(plan, { links: [link("eth0", 2, changes)], addresses: [] });
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
  deepStrictEqual(withoutArp(aPlan(), { links: [], addresses: [] }), []);
});
