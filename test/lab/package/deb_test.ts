/** The .deb on booted Debians: install, one file, enable, fail over, remove, purge. */
import assert from "node:assert/strict";
import type { StatusDocument } from "../../../src/control/api.ts";
import type { Container } from "../../support/lab/container.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { Probe } from "../../support/lab/probe.ts";
import { until } from "../../support/until.ts";
import { onePackage } from "../../support/package/made.ts";
import { ADDRESS, FILE, install, ThreeHosts } from "../../support/package/three_hosts.ts";

const reason = missing("mmdebstrap", "systemd-nspawn", "dpkg-deb");

Deno.test({
  ...nameWith("the .deb from installation to purge, on three booted Debians", reason),
  fn: async (t) => {
    await using hosts = await ThreeHosts.boot();
    const deb = await onePackage("deb", "0.1.0");
    const before = await everything(hosts.machine("pi-c"));
    const steps = {
      "it installs, starts nothing, and says what to do next": () => installs(hosts, deb),
      "its units are sound, and closed as far as they go": () => isClosed(hosts.machine("pi-a")),
      "one file, enable: a cluster": () => becomesACluster(hosts),
      "the cable of the master is pulled, and put back": () => failsOver(hosts),
      "an upgrade of the master is noticed by nobody": () => upgrades(hosts),
      "systemctl restart neither": () => restarts(hosts),
      "a new version that refuses the file leaves the old one running": () => staysOld(hosts),
      "removing it from the master hands over": () => handsOver(hosts),
      "a purge leaves nothing": () => leavesNothing(hosts.machine("pi-c"), before),
    };
    for (const [name, step] of Object.entries(steps)) await t.step(name, step);
  },
});

async function installs(hosts: ThreeHosts, deb: string): Promise<void> {
  const a = hosts.machine("pi-a");
  const said = await install(a, deb);
  const next = /sudo floatip init\n[^]*sudo floatip join [^]*sudo systemctl enable --now floatip\n/;
  assert.match(said, next);
  await startsOnlyItself(a);
  assert.equal((await a.exec(["systemctl", "is-active", "floatip"])).stdout, "inactive\n");
  assert.equal((await a.exec(["systemctl", "is-enabled", "floatip"])).stdout, "disabled\n");
  assert.equal((await a.exec(["floatip", "status"])).code, 4);
  assert.equal(await a.shell("dpkg -V floatip"), "");
  await Promise.all(["pi-b", "pi-c"].map((name) => install(hosts.machine(name), deb)));
}

/** Each other program, as to follow a link, would be milliseconds of every start. */
async function startsOnlyItself(machine: Container): Promise<void> {
  const only =
    "mkdir /tmp/only; ln -s /usr/bin/env /tmp/only; PATH=/tmp/only /usr/bin/floatip --version";
  assert.match(await machine.shell(only), /^floatip /);
}

async function isClosed(machine: Container): Promise<void> {
  const units = "floatip.service floatip-runner.socket floatip-runner@1.service";
  assert.equal(await machine.shell(`systemd-analyze verify ${units} 2>&1`), "");
  const exposure = await machine.shell("systemd-analyze security floatip.service --no-pager");
  const [, level] = /exposure level for floatip.service: ([\d.]+)/.exec(exposure) ?? [];
  assert.ok(Number(level) <= 2, exposure);
}

async function becomesACluster(hosts: ThreeHosts): Promise<void> {
  for (const machine of hosts.machines) {
    machine.write("/etc/floatip/floatip.toml", FILE);
    await machine.demand("floatip", "check");
    await machine.demand("systemctl", "--quiet", "enable", "--now", "floatip");
  }
  await hosts.heldBy("pi-a");
  const a = hosts.machine("pi-a");
  // A node that was asked before it ran is asked again ten seconds later.
  const healthy = async () => (await a.exec(["floatip", "status"])).code === 0;
  await until("a healthy status", healthy, 30_000);
  // The sandbox lets the daemon ask the others, which are silent backups, and hear their answers.
  await until("pi-b and pi-c to be known as up", async () => {
    const { stdout } = await a.exec(["floatip", "status", "--json"]);
    const { nodes } = JSON.parse(stdout) as StatusDocument;
    return nodes.every(({ state, words, self }) =>
      state === "up" && (self || words === "VRRP runs there")
    );
  });
  const shown = await a.shell("systemctl show -p StatusText --value floatip");
  assert.equal(shown, `web: master, holds ${ADDRESS}/24\n`);
}

async function failsOver(hosts: ThreeHosts): Promise<void> {
  const { host } = hosts.machine("pi-a");
  await host.unplug();
  await hosts.heldBy("pi-b");
  await host.plug();
  await hosts.heldBy("pi-a");
}

/**
 * What a client and the other nodes notice of what `body` does to the master: nothing, or this
 * fails.
 */
async function unnoticed(
  hosts: ThreeHosts,
  body: (master: Container) => Promise<void>,
): Promise<void> {
  const [a, b] = [hosts.machine("pi-a"), hosts.machine("pi-b")];
  const pid = "systemctl show -p MainPID --value floatip";
  const taken = 'floatip events --json | grep -c \'"to":"master"\' || true';
  const before = { pid: await a.shell(pid), taken: await b.shell(taken) };
  await using client = await Probe.start(hosts.lan.host("client"), ADDRESS);
  const begun = Date.now();
  await body(a);
  await until("the new daemon to be master", async () => {
    const { stdout } = await a.exec(["floatip", "status", "--json"]);
    return await a.shell(pid) !== before.pid && /"state": "master"/.test(stdout);
  });
  // Longer than a backup waits for a master that it does not hear.
  const waited = client.elapsedMs + 4000;
  await until("the others to have had their time", () => client.elapsedMs > waited);
  await client.settled();
  assert.deepEqual(client.outages(begun), []);
  assert.equal(await b.shell(taken), before.taken);
}

async function upgrades(hosts: ThreeHosts): Promise<void> {
  const deb = await onePackage("deb", "0.1.1");
  await unnoticed(hosts, async (a) => {
    a.write("/etc/floatip/floatip.toml.example", "# mine\n");
    await install(a, deb);
    assert.equal(await a.shell("dpkg-query -W -f '\${Version}' floatip"), "0.1.1");
    assert.equal(await a.shell("cat /etc/floatip/floatip.toml.example"), "# mine\n");
  });
}

async function restarts(hosts: ThreeHosts): Promise<void> {
  await unnoticed(hosts, async (a) => {
    await a.demand("systemctl", "restart", "floatip");
  });
}

async function staysOld(hosts: ThreeHosts): Promise<void> {
  const a = hosts.machine("pi-a");
  const pid = await a.shell("systemctl show -p MainPID --value floatip");
  a.write("/etc/floatip/floatip.toml", `${FILE}nonsense = true\n`);
  const said = await install(a, await onePackage("deb", "0.1.2"));
  assert.match(said, /this version refuses .*; the old one goes on running/);
  assert.match(said, /unknown key "nonsense"/);
  assert.equal(await a.shell("systemctl show -p MainPID --value floatip"), pid);
  assert.equal(await a.host.holds(ADDRESS), true);
  a.write("/etc/floatip/floatip.toml", FILE);
}

async function handsOver(hosts: ThreeHosts): Promise<void> {
  const a = hosts.machine("pi-a");
  await using client = await Probe.start(hosts.lan.host("client"), ADDRESS);
  await a.shell("DEBIAN_FRONTEND=noninteractive apt-get remove -y floatip 2>&1");
  await hosts.heldBy("pi-b");
  await until("an answer of pi-b", () => client.silenceMs < 100);
  const longest = Math.max(...client.gaps(0).map(({ lengthMs }) => lengthMs));
  assert.ok(longest < 1000, `no answer for ${longest} ms`);
  assert.notEqual((await a.exec(["systemctl", "is-enabled", "floatip"])).code, 0);
  assert.equal(await a.shell("pgrep -l floatip || true"), "");
  assert.equal(await a.shell("cat /etc/floatip/floatip.toml"), FILE);
}

async function leavesNothing(machine: Container, before: readonly string[]): Promise<void> {
  await machine.shell("DEBIAN_FRONTEND=noninteractive apt-get purge -y floatip 2>&1");
  assert.deepEqual(await everything(machine), before);
  const accounts = "getent passwd floatip floatipd || true; getent group floatip floatipd || true";
  assert.equal(await machine.shell(accounts), "");
  assert.doesNotMatch(await machine.shell("ip addr"), new RegExp(ADDRESS));
}

/** Everything on the machine's disk but what apt, dpkg and the journal keep for themselves. */
async function everything(machine: Container): Promise<readonly string[]> {
  const kept = ["/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log", "/root", "/tmp", "/run"];
  const skipped = kept.map((path) => `-path ${path} -prune`).join(" -o ");
  const found = await machine.shell(`find / -xdev ${skipped} -o -printf '%p %m %u %g\\n'; ls /run`);
  return found.trim().split("\n").toSorted();
}
