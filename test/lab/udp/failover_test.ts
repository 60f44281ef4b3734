/**
 * Failover where only one UDP port gets through: filters, a client that pings, a router between.
 */
import assert from "node:assert/strict";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { until } from "../../support/until.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { Probe } from "../../support/lab/probe.ts";
import { ADDRESS, ADDRESS6, fileFor, filter, INTERVAL_MS } from "../../support/udp/pair.ts";

const reason = missing("nft", "ping");

/** master-down of the second best node (priority 190), in milliseconds. */
const MASTER_DOWN_MS = INTERVAL_MS * (3 + (256 - 190) / 256);
/** What a busy machine may add. */
const GRACE_MS = 1000;

async function statesOf(floatip: Floatip): Promise<string> {
  return (await floatip.status()).instances.map(({ state }) => state).join(" ");
}

async function untilBoth(floatip: Floatip, state: string): Promise<void> {
  await until(
    () => `${floatip.host.name} is ${state} for both families\n${floatip.log.text}`,
    async () => await statesOf(floatip) === `${state} ${state}`,
  );
}

/** Resolves when `floatip` has heard so many adverts for each family since it started. */
async function untilHeard(floatip: Floatip, count: number): Promise<void> {
  await until(() => `${floatip.host.name} hears\n${floatip.log.text}`, async () => {
    const { instances } = await floatip.status();
    return instances.every(({ counters }) => counters.rcvd_advertisements >= count);
  });
}

Deno.test({
  ...nameWith("udp: IP protocol 112 does not get through, and both nodes are master", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "b"], ipv6: true });
    for (const name of ["a", "b"]) await filter(lan.host(name), 336);
    await using a = await Floatip.start(lan.host("a"), fileFor("unicast"));
    await using b = await Floatip.start(lan.host("b"), fileFor("unicast"));
    for (const one of [a, b]) await untilBoth(one, "master");
  },
});

Deno.test({
  ...nameWith("udp: failover of both families behind a filter for one port", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "b", "client"], ipv6: true });
    for (const name of ["a", "b"]) await filter(lan.host(name), 336);
    const client = lan.host("client");
    await using a = await Floatip.start(lan.host("a"), fileFor("udp"));
    await untilBoth(a, "master");
    await using b = await Floatip.start(lan.host("b"), fileFor("udp"));
    await untilHeard(b, 10);
    assert.equal(await statesOf(b), "backup backup");
    assert.doesNotMatch(b.log.text, /-> master/, `b hears a from the first\n${b.log.text}`);
    await using probe = await Probe.start(client, ADDRESS);
    await using probe6 = await Probe.start(client, ADDRESS6);

    // Power: nobody says goodbye, and what a holds is out of reach.
    const cut = wallNow();
    await lan.host("a").isolate();
    await untilBoth(b, "master");
    for (const one of [probe, probe6]) await one.settled();
    const gaps = [probe, probe6].map((one) => one.outages(cut)[0]?.lengthMs ?? NaN);
    console.log(
      `  power cut: IPv4 ${gaps[0]?.toFixed()} ms, IPv6 ${
        gaps[1]?.toFixed()
      } ms without an answer ` +
        `(master-down ${MASTER_DOWN_MS.toFixed()} ms, adverts every ${INTERVAL_MS} ms)`,
    );
    for (const gap of gaps) assert.ok(gap < MASTER_DOWN_MS + GRACE_MS, `${gap} ms`);

    // a comes back and takes it: they hear each other at once.
    await lan.host("a").join();
    await untilBoth(b, "backup");
    await untilBoth(a, "master");
    for (const one of [probe, probe6]) await one.settled();

    const moved = wallNow();
    const outcome = await a.command("handover", "web");
    assert.equal(outcome.code, 0, `${outcome.stdout}${outcome.stderr}`);
    await untilBoth(b, "master");
    for (const one of [probe, probe6]) await one.settled();
    const lost = [probe, probe6].map((one) => one.outages(moved).map(({ lost }) => lost).join("+"));
    const sent = probe.sentSince(moved);
    console.log(
      `  handover: lost ${lost.map((count) => count || "0").join(" and ")} of ${sent} pings`,
    );

    const [status] = (await b.status()).instances;
    assert.deepEqual([status?.transport, status?.port], ["udp", 336]);
    assert.equal(await b.stop(), 0);
    await untilBoth(a, "master");
  },
});

Deno.test({
  ...nameWith("udp: peers on either side of a router hear each other", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "b", "router"] });
    const [a, b, router] = ["a", "b", "router"].map((name) => lan.host(name));
    assert.ok(a !== undefined && b !== undefined && router !== undefined);
    // One switch, two subnets: b is reached by way of the router only.
    await b.ip("addr", "flush", "dev", "eth0", "scope", "global");
    await b.ip("addr", "add", "10.88.0.2/24", "dev", "eth0");
    await router.ip("addr", "add", "10.88.0.3/24", "dev", "eth0");
    const sysctls = ["ip_forward=1", "conf.all.send_redirects=0", "conf.eth0.send_redirects=0"];
    for (const one of sysctls) await router.exec(["sysctl", "-w", `net.ipv4.${one}`]);
    await a.ip("route", "add", "10.88.0.0/24", "via", "10.77.0.3");
    await b.ip("route", "add", "10.77.0.0/24", "via", "10.88.0.3");
    const file = [
      '[nodes]\na = "10.77.0.1"\nb = "10.88.0.2"\n',
      '[instance.web]\nvrid = 51\naddresses = ["192.0.2.100"]\nprefer = ["a", "b"]',
      `advert_interval = "${INTERVAL_MS}ms"\ntransport = "udp"\nport = 5336\n`,
    ].join("\n");
    await using first = await Floatip.start(a, file);
    await first.untilState("master");
    await using second = await Floatip.start(b, file);
    await untilHeard(second, 10);
    assert.equal((await second.instance()).state, "backup");
    await first.crash();
    await second.untilState("master");
  },
});
