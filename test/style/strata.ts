/**
 * Which folder imports which, and which may touch the world; docs/internals/architecture.md prints
 * it.
 */

/**
 * What a stratum may import, besides itself and {@link everybodys}. "types" stands for
 * `import type` only.
 */
type Grants = Readonly<Record<string, "all" | "types">>;

/** Folders of src/ (or single files, without ".ts") that each folder may import. */
const grantsOf: Readonly<Record<string, Grants>> = {
  net: {},
  wire: { net: "all" },
  vrrp: { wire: "all", net: "all" },
  // Sessions between nodes: bytes and time in, bytes and deadlines out.
  cluster: { wire: "all", net: "all" },
  // A file that others write is held before it is looked at.
  health: {
    net: "all",
    process: "all",
    "linux/regular_file": "all",
    // What a check and its probe are set to is derived from the keys of the file.
    "config/tables/check": "types",
  },
  // The forecast must do the daemon's sums.
  config: {
    vrrp: "types",
    "vrrp/priority": "all",
    // How long a lease is where the file does not say.
    "vrrp/lease": "all",
    // How long promises last by what adverts and fence can do, and which machines vote.
    "cluster/etcd/terms": "all",
    "cluster/votes/terms": "all",
    "cluster/votes/voters": "all",
    wire: "types",
    // The plan carries a password as it stands on the wire.
    "wire/vrrp": "all",
    // A file that a person names is held before it is looked at.
    "linux/regular_file": "all",
    net: "all",
  },
  daemon: {
    "control/api": "types",
    // Shapes of what the loop measures stand beside the rows that print them.
    "control/exposition": "types",
    "control/metrics": "types",
    "control/metrics_instance": "types",
    config: "all",
    health: "all",
    vrrp: "all",
    cluster: "all",
    host: "all",
    wire: "all",
    net: "all",
  },
  linux: {
    "config/tables/check": "types",
    host: "all",
    process: "all",
    health: "all",
    // How long a datagram is, and what is sealed and opened for it.
    cluster: "all",
    wire: "all",
    net: "all",
  },
  notify: {
    "control/api": "types",
    "control/values": "all",
    "daemon/journal/record": "types",
    config: "types",
    process: "all",
    // A hook is a program of the user's like a check's: the same runs it, or refuses to.
    "health/probes/command": "all",
    // An error of the network reads the same in a check and in a message.
    "health/probes/outcome": "all",
    // A file of certificates is held before it is looked at.
    "linux/certificates": "all",
  },
  // keepalived.conf, translated.
  "tools/keepalived_import": { config: "all", vrrp: "types", wire: "types", net: "all" },
  // Rules of packet filters, written and read; whoever asks the machine hands the asking in.
  "tools/firewall": { config: "types", "config/plan/plan": "all", wire: "all", net: "all" },
  // VRRP seen on the LAN, decoded and printed.
  "tools/listen": { wire: "all", vrrp: "all", net: "all" },
  // What the sandboxed daemon has done for it by another process: the same checks and commands.
  runner: {
    // Records are held against the addresses of the file.
    net: "all",
    process: "all",
    config: "types",
    "daemon/journal/record": "types",
    health: "all",
    notify: "all",
  },
  // What usually breaks, judged; the world is handed in (environment.ts), so that a test can make
  // one up.
  "tools/doctor": {
    config: "types",
    // What a plan says of itself: where its adverts travel.
    "config/plan/plan": "all",
    "config/plan/etcd": "all",
    // Which machines vote, and how many of them are a majority.
    "config/plan/exclusive": "all",
    // A free VRID, as init proposes one.
    "config/first_file": "all",
    "tools/firewall": "all",
    "control/api": "types",
    // What the daemon refuses, and why: the same checks.
    "vrrp/validate_advert": "all",
    "vrrp/rules": "types",
    "wire/reject": "all",
    wire: "types",
    net: "all",
  },
  control: {
    "config/problem": "types",
    "wire/reject": "types",
    "linux/regular_file": "all",
    net: "all",
  },
  // Files of state are opened so that nobody leads the opener elsewhere.
  history: { "daemon/journal/record": "types", "linux/regular_file": "all" },
  // What `floatip run` puts together: daemon, machine, sockets, files of state, systemd, log.
  service: {
    config: "all",
    control: "all",
    daemon: "all",
    history: "all",
    host: "all",
    linux: "all",
    net: "all",
    notify: "all",
    process: "all",
    runner: "all",
    web: "all",
  },
  // The page: what it shows and takes is handed in (web/source.ts).
  web: { control: "all" },
  cli: {
    service: "all",
    control: "all",
    config: "all",
    tools: "all",
    history: "all",
    health: "types",
    wire: "all",
    net: "all",
    vrrp: "all",
  },
  // The files at the top of src/.
  "": {
    net: "all",
    wire: "types",
    vrrp: "types",
    cluster: "types",
    "health/check": "types",
    "config/tables/check": "types",
  },
};

/** Single files and folders that may import more, each with the reason. */
const extraGrantsOf: Readonly<Record<string, Grants>> = {
  // The other end of the daemon's line to its runner.
  "cli/runner": { runner: "all" },
  "cli/release": { linux: "all", host: "all" },
  // Could the programs of the file be run, by those who will run them?
  "cli/check/command_problems": { "health/probes/command": "all", process: "all" },
  // An attempt of each check is the daemon's.
  "cli/check/try_checks": { linux: "all" },
  // What check and listen see of this machine; they run beside the daemon, or without it.
  "cli/machine": { linux: "all", host: "all" },
  // What doctor and init hear and ask on the LAN, with the sockets that the daemon has.
  "cli/lan": { linux: "all", host: "all" },
  // A second of timers, by the clock and poll that the daemon waits with; endpoints of the plan.
  "cli/doctor/environment": { linux: "all" },
  "cli/doctor": { host: "types" },
  // Asked as the daemon asks.
  "cli/doctor/etcd_members": { linux: "all", cluster: "all" },
  "cli/init/listening": { host: "types" },
  // Other programs (nft, timedatectl) are asked through one door.
  "cli/programs": { process: "all" },
};

/** May be imported by all. */
const everybodys: readonly string[] = [
  "time",
  "files",
  "budget",
  "assert",
  "version",
  "printable",
  "error",
  "async",
  "capabilities",
];

/** npm libraries, and who may use them. Tests may use any. */
const librariesOf: Readonly<Record<string, readonly string[]>> = {
  config: ["smol-toml", "toml-eslint-parser", "valibot"],
  "tools/keepalived_import": ["valibot"],
  cli: ["@stricli/core", "valibot"],
  notify: ["u8-mqtt"],
};

/**
 * Folders and files that know neither clock nor chance nor the machine: everything comes in as a
 * value.
 */
const pureFolders: readonly string[] = [
  "net",
  "wire",
  "vrrp",
  "cluster",
  "config",
  "daemon",
  "tools/firewall",
  "tools/doctor",
  "tools/keepalived_import",
];
const pureFiles: readonly string[] = [
  "assert",
  "budget",
  "version",
  "printable",
  "host",
  "health/check",
  "health/judge",
  "history/line",
  "history/place",
  "notify/backlog",
];
/**
 * config/load reads the file, config/credential_files what it only names. (time.ts is not listed:
 * it prints instants that it is given, by way of Date.)
 */
const impureFiles: readonly string[] = ["config/load", "config/credential_files"];

/** The names that pure code does not mention. */
export const impureNames: ReadonlySet<string> = new Set([
  "Deno",
  "process",
  "globalThis",
  "performance",
  "Date",
  "setTimeout",
  "setInterval",
  "fetch",
  "crypto",
  "console",
]);

/** Members of globals that have exactly one home each. */
export const homes: Readonly<Record<string, string>> = {
  "Deno.exit": "main.ts",
  "Deno.dlopen": "src/linux/libc.ts",
};

/** Is this file (relative to the checkout: "src/vrrp/rules.ts") one that stays pure? */
export function isPure(file: string): boolean {
  const module = moduleOf(file);
  if (module === undefined || impureFiles.includes(module)) return false;
  return pureFolders.includes(folderOf(module)) || pureFiles.includes(module);
}

/** The tables of imports as lines of text: folders, then single files that may import more. */
export function strataLines(): readonly string[] {
  const rows = [...Object.entries(grantsOf), ...Object.entries(extraGrantsOf)];
  return rows.map(([importer, grants]) => {
    const imported = Object.entries(grants).map(([name, how]) =>
      how === "types" ? `${name} (types)` : name
    );
    return `${importer || "src/*.ts"} -> ${imported.join(", ") || "nothing"}`;
  }).concat(`all -> ${everybodys.join(", ")}`);
}

/**
 * Why `file` may not import `specifier`, in words; undefined: it may.
 * Files outside src/ may import what they like; main.ts only the command line.
 */
export function refusal(file: string, specifier: string, typesOnly: boolean): string | undefined {
  const importer = file === "main.ts" ? "main" : moduleOf(file);
  if (importer === undefined) return undefined;
  if (!specifier.startsWith(".")) return refusalOfLibrary(importer, specifier);
  const imported = moduleOf(resolve(file, specifier));
  if (imported === undefined) return `${importer} imports a file outside src/`;
  if (importer === "main") {
    return folderOf(imported) === "cli" ? undefined : "main.ts may import only cli";
  }
  if (folderOf(importer) === folderOf(imported) && folderOf(importer) !== "") return undefined;
  if (everybodys.includes(imported)) return undefined;
  const grant = grantFor(importer, imported);
  if (grant === "all" || (grant === "types" && typesOnly)) return undefined;
  const rule = grant === "types" ? "only by `import type`" : "not at all";
  return `${importer} may import ${imported} ${rule}`;
}

function refusalOfLibrary(importer: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) {
    return `${specifier} costs every start 6 to 11 MB and 12 to 30 ms: use Deno's own functions`;
  }
  const allowed = librariesOf[folderOf(importer)] ?? [];
  const known = allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`));
  return known ? undefined : `${importer} may not use the library ${specifier}`;
}

function grantFor(importer: string, imported: string): "all" | "types" | undefined {
  const extra = Object.keys(extraGrantsOf).filter((name) => isIn(importer, name));
  const grants = Object.assign(
    {},
    grantsOf[folderOf(importer)],
    ...extra.map((name) => extraGrantsOf[name]),
  ) as Grants;
  const fitting = Object.keys(grants)
    .filter((name) => isIn(imported, name))
    .toSorted((a, b) => b.length - a.length);
  return fitting.map((name) => grants[name]).find((grant) => grant !== undefined);
}

/** Is `module` the file or folder `name`, or in that folder? */
function isIn(module: string, name: string): boolean {
  return module === name || module.startsWith(`${name}/`);
}

/**
 * "src/vrrp/rules.ts" -> "vrrp/rules", "src/web/page/style.css" -> "web/page/style"; undefined for
 * a file that is not in src/.
 */
function moduleOf(file: string): string | undefined {
  return /^src\/(.+)\.(?:ts|js|css|html)$/.exec(file)?.[1];
}

/** "vrrp/rules" -> "vrrp"; "tools/doctor/finding" -> "tools/doctor"; "time" -> "". */
function folderOf(module: string): string {
  return /^(?:tools\/[^/]+|[^/]+(?=\/))/.exec(module)?.[0] ?? "";
}

function resolve(file: string, specifier: string): string {
  return new URL(specifier, `file:///${file}`).pathname.slice(1);
}
