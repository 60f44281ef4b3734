/** `floatip init` makes a file with which a cluster works, at a terminal and by flags. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Floatip } from "../../support/interop/floatip.ts";
import type { Outcome } from "../../support/lab/command.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan, type LanOptions } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { FLOATIP, LAB_ENVIRONMENT } from "../../support/lab/program.ts";
import { otherMachine } from "../../support/cli/other_machine.ts";
import { Session } from "../../support/init/pty.ts";

/** What the issue allows a person. */
const MOST_MS = 10_000;

interface Desk {
  readonly lan: Lan;
  /** Where init is told to write; not there yet. */
  readonly file: string;
  readonly folder: string;
}

/** A LAN and a folder, both gone afterwards. */
function deskTest(
  name: string,
  options: Partial<LanOptions>,
  play: (desk: Desk) => Promise<void>,
  ...programs: string[]
): void {
  const reason = missing(...programs);
  Deno.test({
    ...nameWith(`init: ${name}`, reason),
    fn: async () => {
      const folder = mkdtempSync("/tmp/fl-init-");
      try {
        await using lan = await Lan.open({ hosts: ["a", "b", "c"], ...options });
        await play({ lan, folder, file: `${folder}/etc/floatip.toml` });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  });
}

/** `floatip init` with the words "-c", `file` and `words`. */
function init(host: LabHost, file: string, ...words: readonly string[]): Promise<Outcome> {
  const env = { ...LAB_ENVIRONMENT, ...secretsBeside(file) };
  return host.exec([...FLOATIP, "init", "-c", file, ...words], { env });
}

/** Where the secret of a file is drawn, and read: never in /etc. */
function secretsBeside(file: string): Readonly<Record<string, string>> {
  return { CREDENTIALS_DIRECTORY: `${dirname(file)}/credentials` };
}

/** Copies `file` to every host; resolves when the first is master and the others are backups. */
async function assertCluster(
  stack: AsyncDisposableStack,
  hosts: readonly LabHost[],
  file: string,
  address: string,
): Promise<void> {
  const text = readFileSync(file, "utf8");
  const env = secretsBeside(file);
  const daemons: Floatip[] = [];
  for (const host of hosts) {
    const daemon = stack.use(await Floatip.start(host, text, { env }));
    // Equals: whoever listens first is master, if the others let it.
    if (daemons.length === 0) await daemon.untilState("master", 15_000, "main");
    daemons.push(daemon);
  }
  const instances = await Promise.all(daemons.map(async (daemon) => {
    const { code, stdout, stderr } = await daemon.host.exec(
      [...FLOATIP, "check", daemon.configFile],
      { env: { ...LAB_ENVIRONMENT, ...env } },
    );
    assert.equal(code, 0, `${daemon.host.name}: ${stdout}${stderr}`);
    return daemon;
  }));
  const [, ...others] = instances;
  for (const other of others) await other.untilState("backup", 15_000, "main");
  const client = hosts.at(-1);
  const ping = await client?.exec(["ping", "-c1", "-W2", address]);
  assert.equal(ping?.code, 0, `${address} answers\n${ping?.stdout}`);
}

/** Runs the printed line on another machine: there file and secret are in a folder of its own. */
async function joins(host: LabHost, line: string, file: string): Promise<void> {
  const there = `${dirname(file)}-${host.name}/floatip.toml`;
  const words = line.split(" ").map((word) => word === file ? there : word);
  const env = { ...LAB_ENVIRONMENT, ...secretsBeside(there) };
  const { code, stderr } = await host.exec([...FLOATIP, ...words], { env });
  assert.equal(code, 0, stderr);
  for (const [here, copy] of [[file, there], [secretOf(file), secretOf(there)]] as const) {
    assert.equal(readFileSync(copy, "utf8"), readFileSync(here, "utf8"));
  }
  assert.equal(statSync(secretOf(there)).mode & 0o777, 0o600);
}

function secretOf(file: string): string {
  return `${dirname(file)}/credentials/cluster`;
}

deskTest(
  "a person answers its questions, two others join by one line, and they are a cluster",
  { second: { prefix: "10.78.0.0/24", interface: "eth1" } },
  async ({ lan, file }) => {
    const hosts = ["a", "b", "c"].map((name) => lan.host(name));
    const [a] = hosts;
    assert.ok(a !== undefined);
    await a.ip("route", "add", "default", "via", "10.77.0.254");
    await using session = new Session(a, [...FLOATIP, "init", "-c", file], secretsBeside(file));
    await session.answer(
      /1 {2}eth0 {2}10\.77\.0\.1\/24; the best guess\s+2 {2}eth1 [^]*Interface [^]*\[eth0\]: $/,
      "1",
    );
    await session.answer(/other machines.*: $/, "b=10.77.0.2, c=10.77.0.3");
    await session.answer(
      /1 {2}10\.77\.0\.250\/24 [^]*\n {2}2 [^]*Floating address .*\[10\.77\.0\.250\/24\]: $/,
      "",
    );
    await session.answer(/without a password\.\s+The page \(yes, no\).*\[yes\]: $/, "");
    const [, line = ""] = await session.shows(/sudo floatip (join 10\.77\.0\.1 .*) && sudo syst/);
    const elapsed = session.elapsedMs;
    console.log(`  four questions, one of them typed: ${(elapsed / 1000).toFixed(1)} s`);
    assert.ok(elapsed < MOST_MS, `${elapsed} ms`);
    assert.match(session.screen, /listening on eth0 .* s left/, "progress is shown");
    assert.match(session.screen, /outside the range that your router gives out by DHCP/);
    await session.shows(/waiting for b and c: 1\d min/);
    for (const host of hosts.slice(1)) await joins(host, line, file);
    assert.equal(await session.ended(), 0, session.screen);
    assert.match(session.screen, /The page: http:\/\/10\.77\.0\.250:9113\//, "and what comes next");
    const text = readFileSync(file, "utf8");
    assert.ok(session.screen.replaceAll("\r\n", "\n").includes(text), "the file is shown too");
    await using stack = new AsyncDisposableStack();
    await assertCluster(stack, hosts, file, "10.77.0.250");
  },
  "script",
);

deskTest(
  "without anybody to ask it avoids a VRID and addresses that are used",
  { hosts: ["a", "b", "stranger"] },
  async ({ lan, file }) => {
    const stranger = lan.host("stranger");
    for (const address of ["10.77.0.250", "10.77.0.249"]) {
      await stranger.ip("addr", "add", `${address}/24`, "dev", "eth0");
    }
    await using stack = new AsyncDisposableStack();
    const other = [51, 53].map((vrid) =>
      `[instance.v${vrid}]\nvrid = ${vrid}\naddresses = ["10.77.0.${vrid}/24"]\n`
    ).join("\n");
    const rival = stack.use(await Floatip.start(stranger, other));
    await rival.untilState("master", 15_000, "v51");
    const { code, stdout, stderr } = await init(lan.host("a"), file);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^VRID 51 is used by 10\.77\.0\.3$/m);
    const text = readFileSync(file, "utf8");
    assert.equal(stdout, text, "standard output is the file and nothing else");
    assert.match(text, /^vrid = 52 /m);
    assert.match(text, /^addresses = \["10\.77\.0\.248\/24"\]/m);
    assert.doesNotMatch(text, /^\[nodes\]|^interface/m, "the same on every machine");
    await assertCluster(stack, [lan.host("b"), lan.host("a")], file, "10.77.0.248");
  },
);

/**
 * [flags, exit code, what standard error says]; the LAN has 10.77.0.2 and .3, and eth0 is
 * 10.77.0.1.
 */
const TABLE: readonly (readonly [readonly string[], number, RegExp])[] = [
  [
    ["--interface", "eth9"],
    2,
    /--interface "eth9": no interface eth9 .*there is eth0 \(10\.77\.0\.1\/24\)/,
  ],
  [["--address", "10.77.0.300"], 2, /--address "10\.77\.0\.300": .* is no address/],
  [["--address", "10.77.0.1"], 2, /is this machine's own address/],
  [["--address", "10.77.0.2"], 2, /10\.77\.0\.2 is taken: ..:..:..:..:..:.. answers for it/],
  [["--address", "10.77.0.255/24"], 2, /broadcast address/],
  [["--nodes", "b=10.77.0.2", "--address", "10.77.0.2"], 2, /is b's own address/],
  [["--nodes", "nobody-knows-this"], 2, /no name that is known here: write name=address/],
  [["--nodes", "10.77.0.1"], 2, /that is this machine itself/],
  [["--nodes", "b=10.77.0.2,c=10.77.0.2"], 2, /10\.77\.0\.2 is named twice/],
  [["--nodes", "b$=10.77.0.2"], 2, /"b\$" is no name/],
  [["--vrid", "256"], 2, /a VRID is a number from 1 to 255/],
  [["--name", "a b"], 1, /these answers make no sound file/],
  [["--dry-run"], 0, /nothing was written/],
];

deskTest("wrong flags are told, and nothing is written", {}, async ({ lan, file }) => {
  for (const [flags, code, words] of TABLE) {
    const outcome = await init(lan.host("a"), file, "--listen", "500ms", ...flags);
    assert.equal(outcome.code, code, `${flags.join(" ")}: ${outcome.stderr}`);
    assert.match(outcome.stderr, words);
    assert.throws(() => readFileSync(file), `${flags.join(" ")} wrote a file`);
  }
});

deskTest(
  "a file that is there stays, unless --force says otherwise",
  {},
  async ({ lan, folder }) => {
    const file = `${folder}/mine.toml`;
    writeFileSync(file, "mine\n");
    const a = lan.host("a");
    const refused = await init(a, file, "--listen", "100ms");
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /mine\.toml is there already\n.*--force/);
    assert.equal(readFileSync(file, "utf8"), "mine\n");
    const forced = await init(a, file, "--listen", "1s", "--force", "--name", "dns");
    assert.equal(forced.code, 0, forced.stderr);
    assert.match(readFileSync(file, "utf8"), /^\[instance\.dns\]$/m);
  },
);

deskTest(
  "names are looked up, and Pis that share one get their own",
  {},
  async ({ lan, folder, file }) => {
    const hosts = `${folder}/hosts`;
    writeFileSync(hosts, "10.77.0.2 pi-b.lan pi-b\n10.77.0.3 pi-b.other\n");
    const inside = `mount --bind ${hosts} /etc/hosts && exec "$@"`;
    const words = ["init", "-c", file, "--listen", "500ms", "--nodes", "pi-b 10.77.0.3"];
    const { code, stderr } = await lan.host("a").exec(
      ["unshare", "-m", "sh", "-c", inside, "sh", ...FLOATIP, ...words],
      { env: { ...LAB_ENVIRONMENT, ...secretsBeside(file) } },
    );
    assert.equal(code, 0, stderr);
    const text = readFileSync(file, "utf8");
    assert.match(text, /^pi-b = "10\.77\.0\.2"$/m);
    assert.match(text, /^node-3 = "10\.77\.0\.3"$/m);
  },
);

deskTest("a filter that drops VRRP is named among the next steps", {}, async ({ lan, file }) => {
  const a = lan.host("a");
  const rules =
    "table inet filter {\nchain input {\ntype filter hook input priority 0; policy drop;\n}\n}\n";
  assert.equal((await a.exec(["nft", "-f", "-"], { input: rules })).code, 0);
  const { stderr } = await init(a, file, "--listen", "500ms", "--nodes", "b=10.77.0.2");
  assert.match(stderr, /^ {2}(sudo )?floatip firewall -c .* \| (sudo )?nft -f -$/m);
}, "nft");

deskTest(
  "another user is told to use sudo, before anything is written",
  {},
  async ({ lan, folder }) => {
    chmodSync(folder, 0o755);
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    // The checkout may be root's alone: what it needs is loaded before the rights are given up.
    const built = `${folder}/program`;
    const { build } = await import("../../../packaging/build.ts");
    await build("bundle", built);
    const outcome = await lan.host("a").exec([...nobody, `${built}/floatip`, "init", "--dry-run"]);
    assert.equal(outcome.code, 5, outcome.stderr);
    assert.match(outcome.stderr, /may not listen to the LAN.*\n.*sudo floatip init/);
  },
  "setpriv",
);

deskTest("on a LAN of IPv6 alone it works as well", { ipv6: true }, async ({ lan, file }) => {
  const hosts = ["a", "b"].map((name) => lan.host(name));
  for (const host of hosts) await host.ip("-4", "addr", "flush", "dev", "eth0");
  const [a] = hosts;
  assert.ok(a !== undefined);
  const { code, stderr } = await init(a, file, "--listen", "1s", "--nodes", "b=fd77::2");
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /warning/);
  assert.match(stderr, /^ {2}ssh -t \S+@fd77::2 "/m);
  await using stack = new AsyncDisposableStack();
  await assertCluster(stack, hosts, file, "fd77::fa");
});

/**
 * [title, the file of node a, the words of init on b, how b is told that a cluster runs already].
 */
const RUNNING: readonly (readonly [string, string, readonly string[], RegExp])[] = [
  [
    "adverts to this machine",
    '[nodes]\na = "10.77.0.1"\nb = "10.77.0.2"\n[instance.web]\nvrid = 51\n' +
    'addresses = ["10.77.0.100/24"]\n',
    [],
    /a cluster runs already: 10\.77\.0\.1 advertises VRID 51 with 10\.77\.0\.100/,
  ],
  [
    "adverts by UDP to this machine",
    '[nodes]\na = "10.77.0.1"\nb = "10.77.0.2"\n[instance.web]\nvrid = 51\n' +
    'transport = "udp"\naddresses = ["10.77.0.100/24"]\n',
    [],
    /a cluster runs already: 10\.77\.0\.1 advertises VRID 51 with 10\.77\.0\.100/,
  ],
  [
    "a group's adverts of a node that was named",
    '[instance.web]\nvrid = 51\naddresses = ["10.77.0.100/24"]\n',
    ["--nodes", "a=10.77.0.1"],
    /a cluster runs already: a \(10\.77\.0\.1\) advertises VRID 51/,
  ],
  [
    "nothing but ARP, of a node that was named",
    '[nodes]\na = "10.77.0.1"\nc = "10.77.0.3"\n[instance.web]\nvrid = 51\n' +
    'addresses = ["10.77.0.250/24"]\n',
    ["--nodes", "a=10.77.0.1"],
    /a cluster runs already: a \(10\.77\.0\.1\) answers for 10\.77\.0\.250/,
  ],
];

for (const [title, toml, words, told] of RUNNING) {
  deskTest(`it finds a cluster that runs already by ${title}`, {}, async ({ lan, file }) => {
    const quick = ["--listen", "1500ms"];
    const fast = toml.replace("vrid = 51", 'vrid = 51\nadvert_interval = "300ms"');
    await using a = await Floatip.start(lan.host("a"), fast);
    await a.untilState("master", 15_000);
    const { code, stdout, stderr } = await init(lan.host("b"), file, ...quick, ...words);
    assert.equal(code, 1, stdout + stderr);
    assert.match(stderr, /^listening on eth0 for 1.5 s/);
    assert.match(stderr, told);
    assert.match(stderr, /run {2}sudo floatip invite {2}on 10\.77\.0\.1/);
    assert.throws(() => readFileSync(file), "nothing is written");
    const meant = await init(lan.host("b"), file, ...quick, ...words, "--vrid", "77");
    assert.equal(meant.code, 0, meant.stderr);
  });
}

deskTest(
  "the printed commands copy the file, and the secret, to a machine where sudo is needed",
  {},
  async ({ lan, file, folder }) => {
    const { stderr, stdout } = await init(lan.host("a"), file, "--nodes", "b=10.77.0.2");
    const lines = stderr.split("\n").filter((line) => line.includes("ssh ")).map((l) => l.trim());
    assert.equal(lines.length, 3, stderr);
    const machine = otherMachine(folder, dirname(file));
    const shown = [stdout, stderr];
    for (const line of lines) shown.push(await machine.run(line));
    const secret = `${dirname(file)}/credentials/cluster`;
    for (const one of [file, secret]) assert.equal(machine.read(one), readFileSync(one, "utf8"));
    assert.equal(statSync(secret).mode & 0o777, 0o600);
    const drawn = readFileSync(secret, "utf8");
    assert.match(drawn, /^[\w-]{43}\n$/);
    assert.ok(!shown.join("\n").includes(drawn.trim()), "the secret is shown");
    rmSync(file);
    const again = await init(lan.host("a"), file, "--nodes", "b=10.77.0.2");
    assert.match(again.stderr, /secret of \[cluster\] was there already, and stays/);
    assert.equal(readFileSync(secret, "utf8"), drawn);
  },
);

deskTest("without others named there is no secret, and none in a dry run", {}, async (desk) => {
  const { lan, file } = desk;
  const dry = await init(lan.host("a"), file, "--dry-run", "--nodes", "b=10.77.0.2");
  assert.match(dry.stdout, /^\[cluster\]$/m);
  const alone = await init(lan.host("a"), file);
  assert.doesNotMatch(alone.stdout, /cluster/);
  assert.throws(() => statSync(`${dirname(file)}/credentials`));
});
