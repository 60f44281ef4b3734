/** Each effect becomes the right calls, in order; a refusal stops only what it must. */
import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import type { Journal } from "../../../src/daemon/journal/journal.ts";
import { checksumForm } from "../../../src/daemon/effects.ts";
import type { Action } from "../../../src/vrrp/event.ts";
import { createVirtualRouter, type VirtualRouter } from "../../../src/daemon/virtual_router.ts";
import { HostError } from "../../../src/host.ts";
import { formatIp, ip } from "../../../src/net/ip.ts";
import type { LinkAddress } from "../../../src/net/interfaces.ts";
import { type Instant, seconds, type WallTime } from "../../../src/time.ts";
import { decodeAdvert } from "../../../src/wire/vrrp.ts";
import { aPlan, PEER, type Variation } from "../../support/daemon/plans.ts";
import { RecordingHost } from "../../support/daemon/recording_host.ts";
import { address, link } from "../../support/net/links.ts";
import { performEffect } from "../../support/daemon/perform_effect.ts";

class Lines implements Journal {
  readonly lines: string[] = [];
  write(level: string, line: string): void {
    this.lines.push(`${level} ${line}`);
  }
}

function lab(variation: Variation = {}, there: readonly LinkAddress[] = []) {
  const host = new RecordingHost({ links: [link("eth0", 2)], addresses: there });
  const router = createVirtualRouter(aPlan(variation), 0 as WallTime, 0 as Instant);
  router.source = ip("10.77.0.1");
  router.endpoint = { kind: "multicast", family: "ipv4", interface: "eth0" };
  const journal = new Lines();
  const act = (effect: Action) => performEffect(effect, router, host, journal);
  return { host, router, journal, act };
}

function hear(router: VirtualRouter, text: string, checksum: "pseudo-header" | "rfc9568"): void {
  const source = ip(text);
  const at = 0 as Instant;
  router.heard.set(text, {
    source,
    priority: 100,
    at,
    checksum,
    otherAddresses: false,
    interval: seconds(1),
  });
}

Deno.test("add-addresses: each is added; another prefix length of it goes", () => {
  const { host, act } = lab({}, [address(2, "10.77.0.100/32", { ours: true })]);
  act({ kind: "add-addresses" });
  deepStrictEqual(host.calls, ["add 10.77.0.100/24 eth0", "remove 10.77.0.100/32 eth0"]);
});

Deno.test("add-addresses: one that something else put on this machine is left as it is", () => {
  const { host, act } = lab({}, [address(2, "10.77.0.100/16")]);
  act({ kind: "add-addresses" });
  act({ kind: "renew-addresses" });
  act({ kind: "remove-addresses" });
  deepStrictEqual(host.calls, []);
});

Deno.test("add-addresses: one that failed duplicate detection or is leased is a leftover", () => {
  for (const changes of [{ dadFailed: true, tentative: true }, { validFor: seconds(3) }] as const) {
    const { host, act } = lab({}, [address(2, "10.77.0.100/24", changes)]);
    act({ kind: "add-addresses" });
    deepStrictEqual(host.calls, ["add 10.77.0.100/24 eth0"]);
  }
});

Deno.test("renew-addresses: one put there again from outside becomes ours again", () => {
  const { host, act } = lab();
  act({ kind: "add-addresses" });
  host.addresses = [address(2, "10.77.0.100/24")];
  act({ kind: "renew-addresses" });
  act({ kind: "remove-addresses" });
  deepStrictEqual(host.calls.slice(1), ["add 10.77.0.100/24 eth0", "remove 10.77.0.100/24 eth0"]);
  host.addresses = [address(2, "10.77.0.100/24")];
  act({ kind: "remove-addresses" });
  strictEqual(host.calls.length, 3, "what comes after is somebody else's");
});

Deno.test("remove-addresses: what others put on a new card stays, whatever the old one had", () => {
  const { host, act } = lab();
  act({ kind: "add-addresses" });
  host.links = [link("eth0", 3)];
  host.addresses = [address(3, "10.77.0.100/24")];
  for (const kind of ["renew-addresses", "add-addresses", "remove-addresses"] as const) {
    act({ kind });
  }
  deepStrictEqual(host.calls, ["add 10.77.0.100/24 eth0"]);
});

Deno.test("add-addresses: the kernel's refusal reaches the caller", () => {
  const { host, act } = lab();
  host.refuse = "add";
  throws(() => act({ kind: "add-addresses" }), HostError);
});

Deno.test("an owner's own address is neither added nor removed", () => {
  const { host, act } = lab({ priority: 255 }, [address(2, "10.77.0.100/24")]);
  act({ kind: "add-addresses" });
  act({ kind: "remove-addresses" });
  deepStrictEqual(host.calls, []);
});

Deno.test("an owner's address that floatip added is removed", () => {
  const { host, act } = lab({ priority: 255 }, [address(2, "10.77.0.100/24", { ours: true })]);
  act({ kind: "remove-addresses" });
  deepStrictEqual(host.calls, ["remove 10.77.0.100/24 eth0"]);
});

Deno.test("remove-addresses: a refusal is told and does not keep the others", () => {
  const ours = ["10.77.0.100/24", "10.77.0.101/24"];
  const there = ours.map((text) => address(2, text, { ours: true }));
  const { host, act, journal } = lab({ addresses: ours }, there);
  host.refuse = "remove 10.77.0.100";
  act({ kind: "remove-addresses" });
  strictEqual(host.calls.at(-1), "remove 10.77.0.101/24 eth0");
  strictEqual(journal.lines.some((line) => line.startsWith("error")), true);
});

Deno.test("remove-addresses: a link that is renamed meanwhile loses them all the same", () => {
  const { host, act } = lab({ addresses: ["10.77.0.100/24", "10.77.0.101/24"] });
  act({ kind: "add-addresses" });
  const before = host.interfaces();
  const remove = host.removeAddress.bind(host);
  host.interfaces = () => {
    host.interfaces = () => ({ links: host.links, addresses: host.addresses });
    return before;
  };
  host.removeAddress = (held) =>
    host.links.some(({ name }) => name === held.interface) ? remove(held) : "absent";
  host.links = [link("lan0", 2)];
  act({ kind: "remove-addresses" });
  deepStrictEqual(host.calls.slice(2), [
    "remove 10.77.0.100/24 lan0",
    "remove 10.77.0.101/24 lan0",
  ]);
});

Deno.test("send-advert: to the group, and to each peer; zero is counted", () => {
  const multicast = lab();
  multicast.act({ kind: "send-advert", priority: 0 });
  deepStrictEqual(multicast.host.calls, ["send 10.77.0.1 -> 224.0.0.18 priority 0"]);
  strictEqual(multicast.router.counters.sentZero, 1);

  const place = { family: "ipv4", source: ip("10.77.0.1"), interface: "eth0" } as const;
  for (
    const endpoint of [{ kind: "unicast", ...place }, { kind: "udp", port: 336, ...place }] as const
  ) {
    const { host, router, act } = lab({ peers: [PEER, ip("10.77.0.3")] });
    router.endpoint = endpoint;
    act({ kind: "send-advert", priority: 100 });
    deepStrictEqual(host.calls, [
      "send 10.77.0.1 -> 10.77.0.2 priority 100",
      "send 10.77.0.1 -> 10.77.0.3 priority 100",
    ]);
  }
});

Deno.test("send-advert: the bytes are those of now, whatever was sent before", () => {
  const { host, router, act } = lab({ peers: [PEER, ip("10.77.0.3")] });
  router.endpoint = { kind: "unicast", family: "ipv4", source: PEER, interface: "eth0" };
  const said: string[] = [];
  const bytes = new Set<Uint8Array>();
  host.send = (_endpoint, source, destination, payload) => {
    bytes.add(payload);
    const found = decodeAdvert({ source, destination, ttl: 255, payload });
    if ("reason" in found) throw new Error(found.detail);
    const { priority, interval, addresses, checksumForm } = found;
    said.push([priority, interval / 1e6, ...addresses.map(formatIp), checksumForm].join(" "));
  };
  act({ kind: "send-advert", priority: 100 });
  act({ kind: "send-advert", priority: 100 });
  strictEqual(bytes.size, 2, "one for each peer, the first time");
  act({ kind: "send-advert", priority: 0 });
  act({ kind: "send-advert", priority: 100, interval: seconds(2) });
  router.source = ip("10.77.0.4");
  act({ kind: "send-advert", priority: 100 });
  hear(router, "10.77.0.2", "rfc9568");
  act({ kind: "send-advert", priority: 100 });
  const { plan } = router;
  router.plan = { ...plan, rules: { ...plan.rules, addresses: [ip("10.77.0.101")] } };
  act({ kind: "send-advert", priority: 100 });
  deepStrictEqual(said.filter((_, i) => i % 2 === 0), [
    "100 1000 10.77.0.100 pseudo-header",
    "100 1000 10.77.0.100 pseudo-header",
    "0 1000 10.77.0.100 pseudo-header",
    "100 2000 10.77.0.100 pseudo-header",
    "100 1000 10.77.0.100 pseudo-header",
    "100 1000 10.77.0.100 rfc9568",
    "100 1000 10.77.0.101 rfc9568",
  ]);
});

Deno.test("send-advert: trouble is told once, and forgotten when it is over", () => {
  const { host, router, journal, act } = lab();
  host.refuse = "send";
  act({ kind: "send-advert", priority: 100 });
  act({ kind: "send-advert", priority: 100 });
  strictEqual(journal.lines.length, 1);
  strictEqual(router.sendTrouble?.includes("Operation not permitted"), true);
  host.refuse = undefined;
  act({ kind: "send-advert", priority: 100 });
  strictEqual(router.sendTrouble, undefined);
});

Deno.test("announce: as many frames as asked for, for each address", () => {
  const { host, act } = lab({ addresses: ["10.77.0.100/24", "10.77.0.101/24"] });
  act({ kind: "announce", count: 5 });
  strictEqual(host.calls.filter((call) => call === "frame eth0 42").length, 10);
});

Deno.test("ask and announce: also addresses of the other family, which are not advertised", () => {
  const both = { addresses: ["10.77.0.100/24", "fd77::100/64"] };
  const { host, act, journal } = lab(both, [address(2, "fe80::1/64")]);
  act({ kind: "probe-addresses" });
  act({ kind: "announce", count: 1 });
  // ARP, Neighbor Solicitation from the link-local address; gratuitous ARP, Neighbor Advertisement.
  deepStrictEqual(host.calls, [42, 86, 42, 86].map((length) => `frame eth0 ${length}`));
  const alone = lab(both);
  alone.act({ kind: "probe-addresses" });
  deepStrictEqual(alone.host.calls, ["frame eth0 42"]);
  deepStrictEqual([...journal.lines, ...alone.journal.lines], []);
});

Deno.test("checksum form: alone with the pseudo-header, else what the peer uses", () => {
  const { router } = lab();
  strictEqual(checksumForm(router), "pseudo-header");
  hear(router, "10.77.0.2", "rfc9568");
  strictEqual(checksumForm(router), "rfc9568");
  hear(router, "10.77.0.3", "pseudo-header");
  strictEqual(checksumForm(router), "pseudo-header");
  strictEqual(checksumForm(router, PEER), "rfc9568");
  const forced = lab({ checksum: "rfc9568" });
  strictEqual(checksumForm(forced.router), "rfc9568");
});
