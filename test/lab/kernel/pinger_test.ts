/** Asking a host by ping and ARP, without leftovers. */
import assert from "node:assert/strict";
import type { ProbeResult } from "../../../src/health/check.ts";
import { formatIp, ip } from "../../../src/net/ip.ts";
import { linkNamed, linkWith } from "../../../src/net/interfaces.ts";
import { waitUntil } from "../../contract/lab.ts";
import { check, descriptors } from "../../support/health/checks.ts";
import {
  held,
  linkLocalOf,
  type Machines,
  openMachines as openPlain,
} from "../../support/kernel/machine.ts";
import { kernelTest } from "../../support/kernel/netns.ts";

type By = "icmp" | "arp";

/** Two machines with addresses of both families. */
async function openMachines(): Promise<Machines> {
  const machines = await openPlain();
  for (const [name, host] of [["host", machines.host], ["peer", machines.peer]] as const) {
    const address = `fd77::${name === "host" ? 1 : 2}`;
    await machines.lan.host(name).ip("addr", "add", `${address}/64`, "dev", "eth0", "nodad");
    await waitUntil(host, () => linkWith(host.interfaces(), ip(address)) !== undefined);
  }
  return machines;
}

/** One attempt of the host's. */
async function ask(
  { host }: Machines,
  address: string,
  by: By,
  timeoutMs = 2000,
): Promise<ProbeResult> {
  host.startProbe(check({ kind: "ping", address: ip(address), by }, timeoutMs));
  const happened = await waitUntil(host, (soFar) => soFar.some(({ kind }) => kind === "probe"));
  const [result] = happened.flatMap((one) => one.kind === "probe" ? [one.result] : []);
  return result ?? assert.fail();
}

async function answers(machines: Machines, address: string, by: By): Promise<void> {
  const { ok, text, latency } = await ask(machines, address, by);
  assert.ok(ok, `${address} by ${by}: ${text}`);
  assert.match(text, /^answered in [\d.]+ (ms|µs)$/);
  assert.ok(latency < 1e9);
}

kernelTest(
  "a host answers ICMP, ARP and Neighbor Solicitation, at every kind of address",
  async () => {
    await using machines = await openMachines();
    const linkLocal = linkLocalOf(machines.peer);
    assert.ok(linkLocal !== undefined);
    for (const by of ["icmp", "arp"] as const) {
      for (const address of ["10.77.0.2", "fd77::2", formatIp(linkLocal)]) {
        await answers(machines, address, by);
      }
    }
    await answers(machines, "127.0.0.1", "icmp");
    await answers(machines, "::1", "icmp");
    await answers(machines, "10.77.0.1", "icmp");
  },
);

kernelTest("a host that drops ICMP is there by ARP and Neighbor Solicitation", async () => {
  await using machines = await openMachines();
  const rules = [
    "table inet quiet {",
    "  chain in {",
    "    type filter hook input priority 0;",
    "    icmp type echo-request drop",
    "    icmpv6 type echo-request drop",
    "  }",
    "}\n",
  ];
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, rules.join("\n"));
  const { code, stderr } = await machines.lan.host("peer").exec(["nft", "-f", file]);
  await Deno.remove(file);
  assert.equal(code, 0, stderr);
  for (const address of ["10.77.0.2", "fd77::2"]) {
    const { ok, text } = await ask(machines, address, "icmp", 200);
    assert.deepEqual([ok, text], [false, "no answer within 200 ms"]);
    await answers(machines, address, "arp");
  }
}, "nft");

kernelTest(
  "nobody there, no way there, and addresses that ARP does not know: in words",
  async () => {
    await using machines = await openMachines();
    const say = async (address: string, by: By) => {
      const { ok, text } = await ask(machines, address, by, 200);
      assert.equal(ok, false);
      return text;
    };
    for (const by of ["icmp", "arp"] as const) {
      assert.equal(await say("10.77.0.99", by), "no answer within 200 ms");
      assert.equal(await say("fd77::99", by), "no answer within 200 ms");
    }
    assert.equal(await say("198.51.100.1", "icmp"), "network unreachable");
    assert.equal(await say("198.51.100.1", "arp"), "no interface has an address in its network");
    assert.equal(await say("127.0.0.1", "arp"), "it is an address of this machine's, on lo");
  },
);

kernelTest(
  "who holds a floating address only asks as himself, and its holder answers for it",
  async () => {
    await using machines = await openMachines();
    machines.peer.addAddress(held("10.77.0.50/24"));
    await answers(machines, "10.77.0.50", "arp");
    machines.host.addAddress(held("10.88.0.50/24"));
    // A floating address is nobody to ask as: its next holder would get the answer.
    const { text } = await ask(machines, "10.88.0.1", "arp", 200);
    assert.equal(text, "no interface has an address in its network");
  },
);

kernelTest(
  "a cable that is pulled is no answer, and no failure of ours; back again, it is one",
  async () => {
    await using machines = await openMachines();
    await answers(machines, "10.77.0.2", "arp");
    await machines.machine.ip("link", "set", "eth0", "down");
    await waitUntil(machines.host, () => {
      const link = linkNamed(machines.host.interfaces(), "eth0");
      return link?.up === false;
    });
    for (const by of ["icmp", "arp"] as const) {
      const { ok, text } = await ask(machines, "10.77.0.2", by, 200);
      assert.equal(ok, false);
      assert.match(
        text,
        /^(network (unreachable|is down)|Network is down \(ENETDOWN\)|no answer.*)$/,
      );
    }
    await machines.machine.ip("link", "set", "eth0", "up");
    await waitUntil(
      machines.host,
      () => linkNamed(machines.host.interfaces(), "eth0")?.running === true,
    );
    await answers(machines, "10.77.0.2", "arp");
  },
);

kernelTest("what others say and echo is no answer", async () => {
  await using machines = await openMachines();
  // Its address is spoken of, and its pings of the host are answered, while it is asked for in
  // vain.
  const peer = machines.lan.host("peer");
  await peer.exec(["ping", "-c", "1", "10.77.0.1"]);
  machines.host.startProbe(check({ kind: "ping", address: ip("10.77.0.99"), by: "icmp" }, 300));
  await peer.exec(["ping", "-c", "3", "-i", "0.05", "10.77.0.1"]);
  const happened = await waitUntil(
    machines.host,
    (soFar) => soFar.some(({ kind }) => kind === "probe"),
  );
  const [result] = happened.flatMap((one) => one.kind === "probe" ? [one.result] : []);
  assert.equal(result?.text, "no answer within 300 ms");
}, "ping");

kernelTest("1,000 attempts, answered and not, leave no descriptor", async () => {
  await using machines = await openMachines();
  const round = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const by = index % 2 === 0 ? "icmp" : "arp";
      const there = index % 5 !== 0;
      const address = `10.77.0.${there ? 2 : 99}`;
      assert.equal((await ask(machines, address, by, there ? 2000 : 10)).ok, there);
    }
  };
  await round(10);
  const before = descriptors();
  await round(1000);
  assert.equal(descriptors(), before);
});
