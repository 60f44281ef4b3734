/**
 * The test runner: installs what tests need, runs them in groups, and ends with one line: N passed,
 * N failed, N skipped.
 *
 *     deno task test                                        everything
 *     deno task test test/unit/vrrp                         this folder, or file
 *     deno task test test/unit/net/ip_test.ts --filter WORDS   tests whose names hold these words
 *     deno task test unit interop                           these groups
 *     deno task test test/lab                               all that needs root and namespaces
 *     deno task test --without-root                         what needs no root; the rest is skipped
 */
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { resolve } from "node:path";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "../packaging/build.ts";
import { add, nothing, readTally, type Tally } from "./junit.ts";
import { atMost } from "./support/interop/at_most.ts";
import { sweepOrphans } from "./support/lab/orphans.ts";
import { ensure, missing } from "./support/lab/prerequisites.ts";

/** What the tests in namespaces use. */
const packages = [
  "iproute2",
  "iputils-ping",
  "keepalived",
  "tcpdump",
  "nftables",
  "procps",
  "nginx-light",
  "prometheus",
  "iptables",
  "ufw",
  "mmdebstrap",
  "rpm",
  "apt-utils",
  "gnupg",
  "lintian",
  "mandoc",
  "qemu-user-static",
  "systemd-container",
  "curl",
  "etcd-server",
  "mosquitto",
  "mosquitto-clients",
  "openssl",
  "zsh",
  "fish",
];

/**
 * The same, but these start when they are installed: only where nothing starts them, on a machine
 * without systemd.
 */
const startingPackages = ["firewalld"];

const checkout = fileURLToPath(new URL("..", import.meta.url));
const groupLimitMs = 15 * 60_000;

/** Random tests draw the same in each run. */
const SEEDED = "test/support/lab/seeded.ts";

/** So many lines of a failure stand in the summary; all of them stand where it happened. */
const SHOWN_LINES = 20;

/**
 * Tests that run together. A folder of test/ or test/lab/ that no group names is a group, run one
 * file at a time.
 */
interface Group {
  readonly name: string;
  readonly folders: readonly string[];
  /** Folders below these that belong to another group. */
  readonly without?: readonly string[];
  /** Several files at once: for tests that only compute. */
  readonly parallel: boolean;
  /**
   * Mostly waits for programs and networks: runs beside other such groups, and shows its tests at
   * its end.
   */
  readonly waits: boolean;
  /** Shows all that its tests say. */
  readonly isShown?: true;
  /** Only tests whose names hold these words. */
  readonly filter?: string;
}

/** So many groups that mostly wait run at the same time. */
const GROUPS_AT_ONCE = 2;

/**
 * They count their process's descriptors and children, which files beside them would open and start
 * too.
 */
const countsDescriptors = ["unit/health", "unit/notify"];

const groups: readonly Group[] = [
  { name: "style", folders: ["style"], parallel: false, waits: false },
  {
    name: "unit",
    folders: ["unit", "golden", "rfc9568", "scenarios"],
    without: countsDescriptors,
    parallel: true,
    waits: false,
  },
  { name: "probes", folders: countsDescriptors, parallel: false, waits: false },
  { name: "sim", folders: ["sim", "fuzz"], parallel: true, waits: false },
  { name: "field", folders: ["lab/field"], parallel: true, waits: true },
];

/** What `deno` itself checks, counted as one test each. */
const checks: readonly (readonly [string, readonly string[]])[] = [
  ["format", ["fmt", "--check"]],
  ["lint", ["lint"]],
  ["types", ["check"]],
];

Deno.exit(await main(Deno.args.filter((arg) => arg !== "--")));

async function main(args: readonly string[]): Promise<number> {
  const request = requestOf(args);
  if (request === undefined) {
    const known = allGroups().map(({ name }) => name).join(" | ");
    console.error(
      `usage: deno task test [--without-root] [PATH | ${known}] ... [--filter WORDS]`,
    );
    return 2;
  }
  const { selected, withoutRoot } = request;
  if (withoutRoot) Deno.env.set("FLOATIP_TESTS", "without-root");
  else await prepare();
  const program = mkdtempSync(`${tmpdir()}/floatip-built-`);
  const results: Tally[] = [];
  try {
    if (selected.some(({ waits }) => waits)) await buildProgram(program);
    const [waiting, computing] = [true, false].map((waits) =>
      selected.filter((group) => group.waits === waits)
    );
    for (const group of computing ?? []) results.push(await runGroup(group));
    await atMost(GROUPS_AT_ONCE, waiting ?? [], async (group) => {
      results.push(await runGroup(group));
    });
  } finally {
    rmSync(program, { recursive: true });
  }
  const sum = results.reduce(add, nothing);
  summarize(sum);
  return sum.failed.length === 0 && sum.passed > 0 ? 0 : 1;
}

interface Request {
  readonly selected: readonly Group[];
  readonly withoutRoot: boolean;
}

/** What the arguments ask for; undefined: they are wrong. */
function requestOf(args: readonly string[]): Request | undefined {
  const words: string[] = [];
  let withoutRoot = false;
  let filter: string | undefined;
  const rest = [...args];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--without-root") withoutRoot = true;
    else if (word === "--filter" && rest.length > 0) filter = rest.shift();
    else if (word.startsWith("--filter=")) filter = word.slice("--filter=".length);
    else if (word.startsWith("-")) return undefined;
    else words.push(word);
  }
  const found = words.map(groupsFor);
  if (found.some((groups) => groups.length === 0)) return undefined;
  const selected = words.length === 0 ? allGroups() : found.flat();
  return {
    selected: filter === undefined ? selected : selected.map((group) => ({ ...group, filter })),
    withoutRoot,
  };
}

/** The group called `word`, or the parts of groups that are in the folder or file `word`. */
function groupsFor(word: string): readonly Group[] {
  const named = allGroups().find(({ name }) => name === word);
  if (named !== undefined) return [named];
  const path = resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), word);
  const tests = `${checkout}test/`;
  if (!path.startsWith(tests) || !existsSync(path)) return [];
  return allGroups().flatMap((group) => partOf(group, path.slice(tests.length)));
}

/** What of `group` is in `path`, which is relative to test/. */
function partOf(group: Group, path: string): readonly Group[] {
  const isElsewhere = (group.without ?? []).some((folder) => isWithin(path, folder));
  const folders = group.folders.flatMap((folder) => {
    if (isWithin(folder, path)) return [folder];
    return isWithin(path, folder) && !isElsewhere ? [path] : [];
  });
  if (!folders.some(hasTests)) return [];
  return [{ ...group, name: `${group.name}: ${path}`, folders, isShown: true }];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Builds the program that lab tests run (test/support/lab/program.ts) into `folder`. */
async function buildProgram(folder: string): Promise<void> {
  // Users other than root start it too.
  chmodSync(folder, 0o755);
  await build("bundle", folder);
  Deno.env.set("FLOATIP_PROGRAM", `${folder}/floatip`);
}

function allGroups(): readonly Group[] {
  const named = new Set([...groups.flatMap(({ folders }) => folders), "lab"]);
  const others = [...foldersIn("."), ...foldersIn("lab").map((name) => `lab/${name}`)]
    .filter((folder) => !named.has(folder))
    .toSorted();
  return [
    ...groups,
    ...others.map((folder) => ({
      name: folder.replace(/^lab\//, ""),
      folders: [folder],
      parallel: false,
      waits: true,
    })),
  ].filter(({ folders }) => folders.some(hasTests));
}

/** The names of the folders in `folder`, which is relative to test/. */
function foldersIn(folder: string): readonly string[] {
  return readdirSync(`${checkout}/test/${folder}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

function hasTests(folder: string): boolean {
  const path = `${checkout}/test/${folder}`;
  if (path.endsWith("_test.ts")) return existsSync(path);
  return existsSync(path) && statSync(path).isDirectory() &&
    readdirSync(path, { recursive: true }).some((name) => String(name).endsWith("_test.ts"));
}

async function prepare(): Promise<void> {
  const startsNothing = !existsSync("/run/systemd/system");
  const wanted = startsNothing ? [...packages, ...startingPackages] : packages;
  const { installed, failure } = await ensure(wanted);
  if (installed.length > 0) console.log(`installed ${installed.join(" ")}`);
  if (failure !== undefined) console.log(`not installed: ${failure}`);
  const swept = sweepOrphans();
  if (swept.length > 0) console.log(`removed what earlier runs left behind: ${swept.join(" ")}`);
}

async function runGroup(group: Group): Promise<Tally> {
  const started = performance.now();
  const checked = group.name === "style" ? await runChecks() : nothing;
  const tally = add(checked, await runTests(group));
  sweepOrphans();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${group.name.padEnd(10)} ${inWords(tally)}  (${seconds} s)`);
  return tally;
}

async function runChecks(): Promise<Tally> {
  const results: Tally[] = [];
  for (const [name, args] of checks) {
    const { code, output } = await deno(args);
    if (code !== 0) console.log(`${name} failed: deno ${args.join(" ")}\n${output}`);
    const message = `deno ${args.join(" ")} says what, above`;
    results.push(code === 0 ? { ...nothing, passed: 1 } : failure(name, message));
  }
  return results.reduce(add, nothing);
}

async function runTests(group: Group): Promise<Tally> {
  const scratch = mkdtempSync(`${tmpdir()}/floatip-test-`);
  const junit = `${scratch}/junit.xml`;
  // The types were checked in the style group, all at once.
  const flags = ["--allow-all", "--no-check", `--junit-path=${junit}`, `--preload=${SEEDED}`];
  const parallel = group.parallel ? ["--parallel"] : [];
  if (group.filter !== undefined) flags.push(`--filter=${group.filter}`);
  const without = (group.without ?? []).map((folder) => `test/${folder}`);
  if (without.length > 0) flags.push(`--ignore=${without.join(",")}`);
  const folders = group.folders.filter(hasTests).map((folder) => `test/${folder}`);
  const { code, output } = await deno(["test", ...flags, ...parallel, ...folders]);
  const fallback = missing("keepalived", "tcpdump") ?? "the test does not say why";
  const all = existsSync(junit) ? readTally(readFileSync(junit, "utf8"), fallback) : nothing;
  // Tests that the filter leaves out stand in the file as skipped.
  const tally = {
    ...all,
    skipped: all.skipped.filter(({ name }) => name.includes(group.filter ?? "")),
  };
  rmSync(scratch, { recursive: true });
  if (group.waits || group.isShown) console.log(`${group.name}:\n${output}`);
  else if (code !== 0) console.log(whatFailed(output));
  // A module that does not load, or a run that was ended, stands in no JUnit file.
  return code !== 0 && tally.failed.length === 0
    ? add(tally, failure(group.name, `the whole group: deno test ended with ${code}, above`))
    : tally;
}

function failure(name: string, message: string): Tally {
  return { ...nothing, failed: [{ name, message }] };
}

/** The end of what `deno test` said, from where it lists the errors. */
function whatFailed(output: string): string {
  const start = output.search(/[^\n]* ERRORS /);
  return start === -1 ? output : output.slice(start);
}

interface DenoRun {
  readonly code: number;
  readonly output: string;
}

/** Runs this very Deno, which need not be on the PATH. */
function deno(args: readonly string[]): Promise<DenoRun> {
  const { promise, resolve } = Promise.withResolvers<DenoRun>();
  const child = spawn(Deno.execPath(), args, { cwd: checkout, stdio: ["ignore", "pipe", "pipe"] });
  const timer = setTimeout(() => {
    console.log(`ended after ${groupLimitMs / 60_000} minutes: deno ${args.join(" ")}`);
    child.kill("SIGKILL");
  }, groupLimitMs);
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => chunks.push(text));
  }
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on("SIGTERM", forward);
  child.on("close", (code) => {
    clearTimeout(timer);
    process.off("SIGTERM", forward);
    resolve({ code: code ?? 1, output: chunks.join("") });
  });
  return promise;
}

function summarize(sum: Tally): void {
  if (sum.skipped.length > 0) console.log("\nskipped:");
  for (const { name, reason } of sum.skipped) console.log(`  ${name}: ${reason}`);
  // Where only the end of a long output is kept, what failed is to stand there.
  if (sum.failed.length > 0) console.log("\nfailed:");
  for (const { name, message } of sum.failed) console.log(`  ${name}: ${shortened(message)}`);
  console.log(`\n${inWords(sum)}`);
}

/** The first lines of what a test said, below its name. */
function shortened(message: string): string {
  const lines = message.split("\n");
  const more = lines.length > SHOWN_LINES ? ["…"] : [];
  return [...lines.slice(0, SHOWN_LINES), ...more].join("\n    ");
}

function inWords({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
}
