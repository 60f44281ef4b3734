/** Every feature in the service's sandbox, kept alive by systemd, on a booted Debian. */
import assert from "node:assert/strict";
import { Container } from "../../support/lab/container.ts";
import { debianRoot } from "../../support/lab/debian_root.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { until } from "../../support/until.ts";
import type { StatusDocument } from "../../../src/control/api.ts";
import { onePackage } from "../../support/package/made.ts";
import { install } from "../../support/package/three_hosts.ts";

const reason = missing("mmdebstrap", "systemd-nspawn", "dpkg-deb");

const ADDRESS = "10.77.0.50";

/**
 * Scripts say who ran them, fail where the daemon's sandbox or its priority is theirs too, and what
 * they were told.
 */
const SCRIPTS = {
  "who": '#!/bin/sh\nid -un > "/tmp/$1"\n' +
    'grep -q "^NoNewPrivs:.0" /proc/self/status && grep -q "^SigBlk:.0*$" /proc/self/status\n',
  "hang": "#!/bin/sh\nsleep 4711 &\nwait\n",
  "told": '#!/bin/sh\necho "$(id -un) $*" >> /tmp/told\n',
};

const FILE = `
[instance.web]
vrid = 51
addresses = ["${ADDRESS}/24"]
advert_interval = "100ms"
checks = ["default", "other", "hang", "process", "file", "home", "ping", "tcp"]

[check.default]
command = ["/usr/local/bin/who", "default"]
[check.other]
command = ["/usr/local/bin/who", "other"]
user = "nobody"
[check.hang]
command = ["/usr/local/bin/hang"]
timeout = "300ms"
weight = -1
[check.process]
process = "served"
interval = "30s"
fall = 1
weight = -1
[check.file]
file = "/tmp/flag"
[check.home]
file = "/root/flag"
[check.ping]
ping = "10.77.0.2"
[check.tcp]
tcp = "127.0.0.1:8080"
weight = -1

[notify]
command = ["/usr/local/bin/told"]
`;

Deno.test({
  ...nameWith("the service: every feature in its sandbox, and kept alive", reason),
  fn: async (t) => {
    await using lan = await Lan.open({ hosts: ["pi-a", "pi-b"] });
    await using machine = await Container.boot(lan.host("pi-a"), await debianRoot());
    await install(machine, await onePackage("deb", "0.1.0"));
    await prepare(machine);
    const steps = {
      "it runs as its unit says": runsAsSaid,
      "checks of every kind, and scripts as other users": checksWork,
      "the end of a process, long before the next look": seesEnds,
      "notifications": tells,
      "a secret that only root reads": keepsSecrets,
      "the keys of a cluster, and the port below 1024": speaksAsCluster,
      "a reload, good and bad": reloads,
      "adverts by UDP from a port that only the privileged have": speaksUdp,
      "the group reads, and orders nothing": groupReads,
      "killed: it is back at once": comesBack,
      "a loop that hangs: the watchdog notices": isWatched,
      "a stop leaves nothing behind": stops,
    };
    for (const [name, step] of Object.entries(steps)) await t.step(name, () => step(machine));
  },
});

async function prepare(machine: Container): Promise<void> {
  for (const [name, text] of Object.entries(SCRIPTS)) {
    machine.write(`/usr/local/bin/${name}`, text);
    await machine.demand("chmod", "755", `/usr/local/bin/${name}`);
  }
  await machine.shell("touch /tmp/flag /root/flag; useradd --system --groups floatip reader");
  await machine.shell(
    "cp /bin/sleep /usr/local/bin/served; systemd-run --quiet --collect -u served served 600",
  );
  machine.write("/etc/floatip/floatip.toml", FILE);
  // Readable for the daemon by the folder's group, and for nobody else.
  await machine.shell("chmod 640 /etc/floatip/floatip.toml");
  await machine.shell("systemctl start floatip");
}

async function runsAsSaid(machine: Container): Promise<void> {
  const pid = await mainPid(machine);
  const status = await machine.shell(`cat /proc/${pid}/status`);
  // CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE, no more.
  for (const set of ["CapEff", "CapBnd", "CapAmb"]) {
    assert.match(status, new RegExp(`^${set}:\\t0000000000003400$`, "m"));
  }
  assert.match(status, /^NoNewPrivs:\t1$/m);
  assert.match(status, /^Seccomp:\t2$/m);
  assert.equal(
    await machine.shell(`ps -o user=,group=,cls=,rtprio=,comm= ${pid} | xargs`),
    "floatipd floatip RR 10 floatip\n",
  );
  // Every thread of it, also those that the runtime made.
  assert.equal(await machine.shell(`ps -L -o cls= ${pid} | sort -u | xargs`), "RR\n");
  await until("the fence", async () => (await instance(machine)).fence === "nftables");
}

async function checksWork(machine: Container): Promise<void> {
  const wanted = {
    default: true,
    other: true,
    hang: false,
    process: true,
    file: true,
    home: true,
    ping: true,
    tcp: false,
  };
  await until(
    "all checks to be judged",
    async () => {
      const { checks } = await instance(machine);
      const found = Object.fromEntries(checks.map(({ name, up }) => [name, up]));
      assert.deepEqual(found, wanted, JSON.stringify(checks));
      return true;
    },
    20_000,
    100,
  );
  assert.equal(await machine.shell("cat /tmp/default /tmp/other"), "floatip\nnobody\n");
  const { checks } = await instance(machine);
  assert.equal(checks.find(({ name }) => name === "hang")?.last, "killed after 300 ms");
  await until("what hung to be gone", async () => {
    const { stdout } = await machine.exec(["pgrep", "-f", "sleep 4711"]);
    return stdout.split("\n").length <= 2;
  });
}

async function seesEnds(machine: Container): Promise<void> {
  await machine.shell("systemctl kill --signal=SIGKILL served");
  await until("the check to be down", async () => {
    const { checks } = await instance(machine);
    return checks.find(({ name }) => name === "process")?.up === false;
  }, 3000);
}

async function tells(machine: Container): Promise<void> {
  await until("the address", () => machine.host.holds(ADDRESS));
  await until("the script to be told", async () => {
    const said = await machine.shell("cat /tmp/told");
    return /^floatip INSTANCE web MASTER \d+$/m.test(said);
  });
}

async function keepsSecrets(machine: Container): Promise<void> {
  const secret = FILE.replace(
    "[notify]",
    '[notify]\nwebhook = { url = "http://127.0.0.1:9/", secret = { credential = "hook" } }',
  );
  machine.write("/etc/floatip/floatip.toml", secret);
  const check = await machine.exec(["floatip", "check"]);
  assert.match(check.stdout, /there is no credential "hook"/);
  assert.notEqual((await machine.exec(["systemctl", "restart", "floatip"])).code, 0);
  assert.match(
    await machine.shell("journalctl -u floatip"),
    /no file \/etc\/floatip\/credentials\/hook/,
  );
  await machine.shell("umask 077; echo s3cret > /etc/floatip/credentials/hook");
  await machine.shell("systemctl reset-failed floatip; systemctl restart floatip; floatip check");
  const mode = await machine.shell(
    "stat -c '%a %U' /etc/floatip/credentials /etc/floatip/credentials/hook",
  );
  assert.equal(mode, "700 root\n600 root\n");
  await until("the address", () => machine.host.holds(ADDRESS));
  assert.equal(
    (await machine.exec(["grep", "-r", "s3cret", "/var/lib/floatip", "/run/floatip"])).stdout,
    "",
  );
  machine.write("/etc/floatip/floatip.toml", FILE);
  await machine.shell("rm -r /etc/floatip/credentials; systemctl restart floatip");
  await until("the address", () => machine.host.holds(ADDRESS));
}

async function speaksAsCluster(machine: Container): Promise<void> {
  const nodes = `[nodes]\npi-a = "${machine.host.address}"\npi-b = "10.77.0.2"\n` +
    '[cluster]\nsecret = { credential = "cluster" }\n';
  machine.write("/etc/floatip/floatip.toml", nodes + FILE);
  await machine.demand("floatip", "key", "new");
  const mode = "stat -c '%a %U' /etc/floatip/credentials /etc/floatip/credentials/cluster";
  assert.match(await machine.shell(mode), /^2?700 root\n600 root\n$/);
  const knows = async (count: number) => {
    await machine.shell("systemctl restart floatip");
    await until(`${count} keys in force`, async () => {
      const status: StatusDocument = JSON.parse(await machine.shell("floatip status --json || :"));
      return status.nodes.find(({ self }) => self)?.keys?.length === count;
    });
  };
  await knows(1);
  assert.match(await machine.shell("ss -ulnp sport = 337"), /:337 .*"floatip"/);
  // The daemon learns a changed file at its next start, and no other way.
  await machine.demand("floatip", "key", "rotate");
  assert.match(await machine.shell(mode), /^2?700 root\n600 root\n$/);
  await knows(2);
  const [secret = ""] = (await machine.shell("cat /etc/floatip/credentials/cluster")).split("\n");
  const places = "/var/lib/floatip /run/floatip";
  assert.equal((await machine.exec(["grep", "-r", secret, ...places.split(" ")])).stdout, "");
  assert.ok(!(await machine.shell("journalctl -u floatip; floatip check || :")).includes(secret));
  machine.write("/etc/floatip/floatip.toml", FILE);
  await machine.shell("rm -r /etc/floatip/credentials; systemctl restart floatip");
  await until("the address", () => machine.host.holds(ADDRESS));
}

async function reloads(machine: Container): Promise<void> {
  machine.write("/etc/floatip/floatip.toml", FILE.replace("10.77.0.50", "10.77.0.51"));
  await machine.demand("systemctl", "reload", "floatip");
  await until("the other address", () => machine.host.holds("10.77.0.51"));
  machine.write("/etc/floatip/floatip.toml", "[instance");
  assert.notEqual((await machine.exec(["systemctl", "reload", "floatip"])).code, 0);
  assert.equal(await machine.host.holds("10.77.0.51"), true);
  machine.write("/etc/floatip/floatip.toml", FILE);
  await machine.demand("systemctl", "reload", "floatip");
  await until("the address", () => machine.host.holds(ADDRESS));
  assert.equal(await machine.shell("systemctl is-active floatip"), "active\n");
}

async function speaksUdp(machine: Container): Promise<void> {
  const nodes = '[nodes]\npi-a = "10.77.0.1"\npi-b = "10.77.0.2"\n\n';
  const udp = FILE.replace("[instance.web]", '[instance.web]\ntransport = "udp"');
  machine.write("/etc/floatip/floatip.toml", nodes + udp);
  await machine.demand("systemctl", "reload", "floatip");
  await until("its first advert by UDP", async () => {
    const { transport, state, counters } = await instance(machine);
    return transport === "udp" && state === "master" && counters.sent_advertisements > 0;
  }, 20_000);
  machine.write("/etc/floatip/floatip.toml", FILE);
  await machine.demand("systemctl", "reload", "floatip");
  await until("the address", () => machine.host.holds(ADDRESS));
}

async function groupReads(machine: Container): Promise<void> {
  const as = (user: string, ...words: readonly string[]) =>
    machine.exec([
      "setpriv",
      `--reuid=${user}`,
      "--regid=nogroup",
      "--init-groups",
      "floatip",
      ...words,
    ]);
  assert.match((await as("reader", "status", "--json")).stdout, /"state": "master"/);
  assert.match((await as("reader", "events")).stdout, /master/);
  assert.equal((await as("reader", "reload")).code, 5);
  assert.equal((await as("nobody", "status")).code, 5);
}

async function comesBack(machine: Container): Promise<void> {
  const before = await mainPid(machine);
  await machine.demand("kill", "-9", before);
  const killed = performance.now();
  await until("another one", async () => {
    const pid = await mainPid(machine);
    const active =
      (await machine.exec(["systemctl", "is-active", "floatip"])).stdout === "active\n";
    return active && pid !== before && pid !== "0";
  });
  const took = performance.now() - killed;
  assert.ok(took < 3000, `${took} ms`);
  await until("the address", () => machine.host.holds(ADDRESS));
}

async function isWatched(machine: Container): Promise<void> {
  // The unit's ten seconds are long for a test.
  await machine.shell("mkdir -p /run/systemd/system/floatip.service.d");
  machine.write("/run/systemd/system/floatip.service.d/fast.conf", "[Service]\nWatchdogSec=1s\n");
  await machine.shell("systemctl daemon-reload; systemctl restart floatip");
  await until("the address", () => machine.host.holds(ADDRESS));
  const before = await mainPid(machine);
  await machine.demand("kill", "-STOP", before);
  await until("another one", async () => ![before, "0"].includes(await mainPid(machine)));
  assert.match(await machine.shell("journalctl -u floatip"), /Watchdog timeout/);
  await until("the address", () => machine.host.holds(ADDRESS));
}

async function stops(machine: Container): Promise<void> {
  await machine.demand("systemctl", "stop", "floatip");
  assert.equal(await machine.host.holds(ADDRESS), false);
  assert.match(await machine.shell("cat /tmp/told"), /INSTANCE web STOP \d+\n$/);
  await until(
    "the runner's end",
    async () => await machine.shell("pgrep -l floatip || true") === "",
  );
  assert.equal(await machine.shell("ls /run | grep floatip || true"), "");
  assert.equal(await machine.shell("systemctl --failed --plain --no-legend"), "");
}

async function mainPid(machine: Container): Promise<string> {
  return (await machine.shell("systemctl show -p MainPID --value floatip")).trim();
}

async function instance(machine: Container): Promise<StatusDocument["instances"][number]> {
  const { stdout } = await machine.exec(["floatip", "status", "--json"]);
  const [web] = (JSON.parse(stdout) as StatusDocument).instances;
  assert.ok(web);
  return web;
}
