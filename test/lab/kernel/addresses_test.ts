/** Our addresses in the real kernel, as `ip` shows them. */
import assert from "node:assert/strict";
import { addressesOf, linkNamed } from "../../../src/net/interfaces.ts";
import { formatPrefix } from "../../../src/net/prefix.ts";
import { after, milliseconds, seconds } from "../../../src/time.ts";
import { demand } from "../../support/lab/command.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { waitUntil } from "../../contract/lab.ts";
import {
  held,
  openMachines,
  secondsLeft,
  shown,
  SLAAC,
  sourceTowards,
} from "../../support/kernel/machine.ts";
import { hostIn, kernelTest, type NamespacedHost } from "../../support/kernel/netns.ts";

const PROMOTE = "/proc/sys/net/ipv4/conf/eth0/promote_secondaries";

kernelTest("an IPv4 address has its broadcast address, label and global scope", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  host.addAddress(held("10.88.0.50/24", "eth0:web"));
  const entry = (await shown(machine)).find(({ local }) => local === "10.88.0.50");
  assert.equal(entry?.prefixlen, 24);
  assert.equal(entry?.broadcast, "10.88.0.255");
  assert.equal(entry?.label, "eth0:web");
  assert.equal(entry?.scope, "global");
  assert.equal(entry?.valid_life_time, 4294967295);
});

kernelTest("an IPv6 address skips duplicate address detection; /128 is deprecated", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  host.addAddress(held("fd77::50/64"));
  host.addAddress(held("fd77::51/128"));
  const all = await shown(machine);
  const [usual, single] = ["fd77::50", "fd77::51"].map((text) =>
    all.find(({ local }) => local === text)
  );
  assert.equal(usual?.nodad, true);
  assert.equal(usual?.tentative, undefined);
  assert.equal(usual?.preferred_life_time, 4294967295);
  assert.equal(single?.deprecated, true);
  assert.equal(single?.preferred_life_time, 0);
  assert.equal(single?.valid_life_time, 4294967295);
});

kernelTest(
  "packets to a new IPv6 address are taken at once, by a route that goes with it",
  async () => {
    await using machines = await openMachines();
    const { host, machine } = machines;
    const all = ["fd77::50/64", "fd77::51/128"].map((text) => held(text));
    const routes = async () => {
      const lines = (await machine.ip("-6", "route", "show", "table", "local")).split("\n");
      return lines.filter((line) => /fd77::5[01] /.test(line));
    };
    for (const some of [all.slice(0, 1), all]) {
      host.addAddresses(some);
      assert.deepEqual(
        some.map(({ prefix }) => host.isReady(prefix.address)),
        some.map(() => true),
      );
      assert.equal(
        (await routes()).filter((line) => / metric 1 expires /.test(line)).length,
        some.length,
      );
      host.removeAddresses(some);
      assert.deepEqual(await routes(), []);
    }
  },
);

kernelTest("our mark survives us: another process knows the address as ours", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  host.addAddress(held("10.77.0.50/24"));
  host.addAddress(held("fd77::50/64"));
  await machine.ip("addr", "add", "10.77.0.60/24", "dev", "eth0");
  await machine.ip("addr", "add", "fd77::60/64", "dev", "eth0", "nodad");
  // What somebody else put there becomes ours, and is marked too.
  assert.equal(host.addAddress(held("10.77.0.60/24")), "present");
  assert.equal(host.addAddress(held("fd77::60/64")), "present");
  using second = hostIn(machine.namespace);
  const expected = ["10.77.0.50/24", "10.77.0.60/24", "fd77::50/64", "fd77::60/64"];
  assert.deepEqual(oursOf(second), expected);
});

kernelTest(
  "a host address is never chosen as source, also after the node's own came back",
  async () => {
    await using machines = await openMachines();
    const { host, machine } = machines;
    const towards = [
      ["8.8.8.8"],
      ["10.77.0.2"],
      ["224.0.0.251", "oif", "eth0"],
      ["239.1.1.1", "oif", "eth0"],
      ["255.255.255.255", "oif", "eth0"],
    ];
    await machine.ip("route", "replace", "default", "via", "10.77.0.2");
    host.addAddress(held("10.77.0.50/32"));
    for (const way of towards) assert.equal(await sourceTowards(machine, ...way), "10.77.0.1");
    await machine.ip("addr", "del", "10.77.0.1/24", "dev", "eth0");
    await machine.ip("addr", "add", "10.77.0.1/24", "dev", "eth0");
    await machine.ip("route", "replace", "default", "via", "10.77.0.2");
    for (const way of towards) {
      assert.equal(await sourceTowards(machine, ...way), "10.77.0.1", way.join(" "));
    }
  },
);

kernelTest("a host address answers ARP and takes connections", async () => {
  await using machines = await openMachines();
  const { host } = machines;
  host.addAddress(held("10.77.0.50/32"));
  const listener = host.namespace.run(() => Deno.listen({ hostname: "10.77.0.50", port: 8099 }));
  const accepted = listener.accept();
  const { code } = await machines.lan.host("peer").exec([
    "bash",
    "-c",
    "exec 3<>/dev/tcp/10.77.0.50/8099",
  ]);
  assert.equal(code, 0);
  const connection = await accepted;
  assert.equal((connection.localAddr as Deno.NetAddr).hostname, "10.77.0.50");
  connection.close();
  listener.close();
});

kernelTest(
  "the first of a subnet goes, the others stay, with promote_secondaries off",
  async () => {
    await using machines = await openMachines();
    const { host, machine } = machines;
    assert.equal(await promotion(machine), "0");
    for (const last of [50, 51, 52]) host.addAddress(held(`10.88.0.${last}/24`));
    assert.equal(host.removeAddress(held("10.88.0.50/24")), "removed");
    const rest = (await shown(machine)).filter(({ local }) => local.startsWith("10.88."));
    assert.deepEqual(rest.map(({ local, secondary }) => [local, secondary ?? false]), [
      ["10.88.0.51", false],
      ["10.88.0.52", true],
    ]);
    // The host knows which one was promoted, and the setting is as the administrator left it.
    assert.equal(entryOf(host, "10.88.0.51/24")?.secondary, false);
    await pause(host);
    assert.equal(await promotion(machine), "0");
  },
);

kernelTest(
  "the lease of a subnet's first address ends: the others stay, with their routes",
  async () => {
    await using machines = await openMachines();
    const { host, machine } = machines;
    const first = held("10.88.0.50/24");
    host.addAddress(first, seconds(5));
    await machine.ip("addr", "add", "10.88.0.60/24", "dev", "eth0");
    await machine.ip("route", "add", "198.51.100.0/24", "via", "10.88.0.1");
    await waitUntil(host, () => entryOf(host, "10.88.0.60/24")?.secondary === true);
    // Another program puts the setting back: it is looked at once a second.
    await machine.exec(["sh", "-c", `echo 0 >${PROMOTE}`]);
    const end = after(host.now(), milliseconds(1100));
    while (host.now() < end) await host.wait(end);
    host.addAddress(first, seconds(1));
    await waitUntil(host, () => entryOf(host, "10.88.0.50/24") === undefined);
    assert.equal(entryOf(host, "10.88.0.60/24")?.secondary, false);
    assert.match(await machine.ip("route", "show", "198.51.100.0/24"), /via 10\.88\.0\.1/);
    assert.match(await machine.ip("route", "show", "10.88.0.0/24"), /src 10\.88\.0\.60/);
    await pause(host);
    assert.equal(await promotion(machine), "0");
  },
);

kernelTest(
  "promote_secondaries is on while a leased address is there, and off again after",
  async () => {
    await using machines = await openMachines();
    const { host, machine } = machines;
    for (const last of [50, 51]) host.addAddress(held(`10.88.0.${last}/24`), seconds(30));
    await pause(host);
    assert.equal(await promotion(machine), "1");
    host.removeAddress(held("10.88.0.50/24"));
    await pause(host);
    assert.equal(await promotion(machine), "1");
    host.removeAddress(held("10.88.0.51/24"));
    await pause(host);
    assert.equal(await promotion(machine), "0");
    await machine.exec(["sh", "-c", `echo 1 >${PROMOTE}`]);
    host.addAddress(held("10.88.0.50/24"), seconds(30));
    await pause(host);
    host.removeAddress(held("10.88.0.50/24"));
    await pause(host);
    assert.equal(await promotion(machine), "1", "as the administrator had it");
  },
);

kernelTest(
  "a leased IPv6 address leaves others the route to their subnet, and its end",
  async () => {
    await using machines = await openMachines();
    const { host, machine } = machines;
    const route = async (): Promise<string> => await machine.ip("-6", "route", "show", "fd88::/64");
    const floating = held("fd88::50/64");
    await machine.ip("addr", "add", ...SLAAC);
    await waitUntil(host, () => entryOf(host, "fd88::abcd/64") !== undefined);
    host.addAddress(floating, seconds(2));
    host.addAddress(floating, seconds(2));
    assert.ok(secondsLeft(await route()) > 60, await route());
    host.removeAddress(floating);
    assert.ok(secondsLeft(await route()) > 60, await route());
    // Alone it brings the route itself; an administrator's address that comes later keeps it for
    // good.
    await machine.ip("addr", "del", "fd88::abcd/64", "dev", "eth0");
    await waitUntil(host, () => entryOf(host, "fd88::abcd/64") === undefined);
    host.addAddress(floating, seconds(2));
    assert.match(await route(), /fd88::\/64/);
    await machine.ip("addr", "add", "fd88::11/64", "dev", "eth0", "nodad");
    await waitUntil(host, () => entryOf(host, "fd88::11/64") !== undefined);
    host.addAddress(floating, seconds(1));
    await waitUntil(host, () => entryOf(host, "fd88::50/64") === undefined);
    assert.match(await route(), /fd88::\/64 dev eth0 proto kernel metric 256 pref/);
  },
);

kernelTest("an IPv6 address without end that gets one keeps the route to its subnet", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  host.addAddress(held("fd88::50/64"));
  await waitUntil(host, () => entryOf(host, "fd88::50/64") !== undefined);
  assert.equal(host.addAddress(held("fd88::50/64"), seconds(30)), "present");
  const route = await machine.ip("-6", "route", "show", "fd88::/64");
  assert.ok(secondsLeft(route) <= 30, route);
});

kernelTest(
  "an address that failed duplicate address detection is used when it is ours",
  async () => {
    await using machines = await openMachines();
    const { host, machine, lan } = machines;
    await machine.exec(["sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/eth0/accept_dad"]);
    await lan.host("peer").ip("addr", "add", "fd77::50/64", "dev", "eth0", "nodad");
    await machine.ip("addr", "add", "fd77::50/64", "dev", "eth0");
    await waitUntil(host, () => entryOf(host, "fd77::50/64")?.dadFailed === true);
    assert.equal(host.addAddress(held("fd77::50/64"), seconds(30)), "present");
    const entry = (await shown(machine)).find(({ local }) => local === "fd77::50");
    assert.equal(entry?.tentative, undefined);
    assert.equal(entryOf(host, "fd77::50/64")?.dadFailed, undefined);
  },
);

kernelTest("the kernel's own words come with its refusals", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  const tooLong = held("10.88.0.50/24", "eth0:far-too-long-a-label");
  assert.throws(() => host.addAddress(tooLong), {
    name: "HostError",
    call: "RTM_NEWADDR",
    object: "10.88.0.50/24 on eth0",
    code: "ERANGE",
    words: "Attribute failed policy validation",
  });
  await machine.exec(["sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6"]);
  assert.throws(() => host.addAddress(held("fd77::50/64")), {
    code: "EACCES",
    words: "ipv6: IPv6 is disabled on this device",
  });
});

kernelTest("changes that do not fit the queue are found by asking anew", async () => {
  await using machines = await openMachines();
  const { host, machine } = machines;
  const lines = Array.from(
    { length: 6000 },
    (_, i) => `addr add 10.${100 + (i >> 8)}.${i & 255}.1/32 dev eth0`,
  );
  // A minute is not enough for so many on a machine that is busy with much else.
  const options = { input: lines.join("\n"), timeoutMs: 5 * 60_000 };
  await demand(["ip", "-n", machine.namespace, "-batch", "-"], options);
  const happened = await waitUntil(host, (soFar) => soFar.length > 0);
  assert.deepEqual(happened, [{ kind: "interfaces" }]);
  const known = host.interfaces().addresses.filter(({ prefix }) => prefix.length === 32).length;
  assert.equal(known, 6000);
});

function entryOf(host: NamespacedHost, text: string) {
  const interfaces = host.interfaces();
  const link = linkNamed(interfaces, "eth0");
  assert.ok(link !== undefined);
  return addressesOf(interfaces, link).find(({ prefix }) => formatPrefix(prefix) === text);
}

function oursOf(host: NamespacedHost): readonly string[] {
  return host.interfaces().addresses.filter(({ ours }) => ours).map(({ prefix }) =>
    formatPrefix(prefix)
  ).toSorted();
}

/** The host does what it does before it sleeps. */
async function pause(host: NamespacedHost): Promise<void> {
  await host.wait(after(host.now(), milliseconds(20)));
}

async function promotion(machine: LabHost): Promise<string> {
  return (await machine.exec(["cat", PROMOTE])).stdout.trim();
}
