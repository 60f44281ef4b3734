/** Is the configuration file right? */
import { usesLowPort } from "../../../config/plan/plan.ts";
import { type DoctorCheck, type Finding, ok, problem, unknown, warning } from "../check.ts";
import type { DaemonSeen } from "../environment.ts";
import type { DoctorTarget } from "../target.ts";

/** configuration */
export const configuration: DoctorCheck = {
  name: "configuration",
  needs: "nothing",
  run: (target) => Promise.resolve(judgeConfiguration(target)),
};

/** Each error and warning of the file itself; what does not fit this machine is {@link ./interface.ts}'s. */
export function judgeConfiguration({ file, problems, plan }: DoctorTarget): readonly Finding[] {
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    return errors.map(({ line, what, why }) =>
      line > 0
        ? problem(`${file}:${line}: ${what}`, why, `floatip check ${file}`)
        : problem(`${what}: ${file}`, why, "floatip init")
    );
  }
  const warnings = problems.filter(({ severity }) => severity === "warning");
  const found = warnings.map(({ line, what, why, fix }) =>
    warning(line > 0 ? `${file}:${line}: ${what}` : what, why, fix)
  );
  const { config, node } = plan ?? {};
  const instances = count(config?.instances.length ?? 0, "instance");
  const nodes = config === undefined || config.nodes.length === 0
    ? ""
    : ` on ${count(config.nodes.length, "node")}`;
  return [ok(`${file} is right: ${instances}${nodes}, this is ${node?.node}`), ...found];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** permissions */
export const permissions: DoctorCheck = {
  name: "permissions",
  needs: "nothing",
  async run({ plan }, environment) {
    const daemon = await environment.daemon();
    const pid = daemon.kind === "running" ? daemon.pid : undefined;
    const [own, running] = await Promise.all([
      environment.read("/proc/self/status"),
      pid === undefined ? undefined : environment.read(`/proc/${pid}/status`),
    ]);
    const least = Number(
      await environment.read("/proc/sys/net/ipv4/ip_unprivileged_port_start") ?? 1024,
    );
    const low = plan !== undefined && usesLowPort(plan.node, least);
    return judgePermissions(own, running, daemon, environment.root, low);
  },
};

/** capabilities(7): bit and what for. */
interface Permission {
  readonly name: string;
  readonly bit: bigint;
  readonly purpose: string;
}

const NEEDED: readonly Permission[] = [
  { name: "CAP_NET_ADMIN", bit: 12n, purpose: "add and remove addresses" },
  { name: "CAP_NET_RAW", bit: 13n, purpose: "send and receive VRRP" },
];

/** For adverts by UDP. */
const LOW_PORT: Permission = {
  name: "CAP_NET_BIND_SERVICE",
  bit: 10n,
  purpose: "use a UDP port below 1024",
};

/**
 * By the texts of /proc/PID/status (proc_pid_status(5)) of this process and of the daemon. `lowPort`: its adverts go by UDP from a
 * port that is not everybody's.
 */
export function judgePermissions(
  own: string | undefined,
  running: string | undefined,
  daemon: DaemonSeen,
  root: boolean,
  lowPort = false,
): readonly Finding[] {
  const needed = lowPort ? [...NEEDED, LOW_PORT] : NEEDED;
  const lacking = missingIn(running, needed);
  if (lacking.length > 0) {
    const names = needed.map(({ name }) => name).join(" ");
    const fix = `give the unit AmbientCapabilities=${names}, or run it as root`;
    return [problem(`the daemon may not ${purposes(lacking)}`, "It cannot hold an address.", fix)];
  }
  const missing = missingIn(own, NEEDED);
  if (missing.length === 0) return [ok("floatip may hold addresses and speak VRRP here")];
  if (root) {
    return [problem(
      `root may not ${purposes(missing)} here`,
      "This is a container without these rights; floatip would not start in it.",
      "docker run --network host --cap-add NET_ADMIN --cap-add NET_RAW ...",
    )];
  }
  const what = `this user may not ${purposes(missing)}`;
  return [unknown(
    daemon.kind === "running" ? `${what}, the daemon may` : `${what}: some of this stays unknown`,
    "sudo floatip doctor",
  )];
}

function missingIn(
  status: string | undefined,
  needed: readonly Permission[],
): readonly Permission[] {
  const mask = /^CapEff:\s*([0-9a-fA-F]{1,16})$/m.exec(status ?? "")?.[1];
  if (mask === undefined) return [];
  const effective = BigInt(`0x${mask}`);
  return needed.filter(({ bit }) => (effective >> bit & 1n) === 0n);
}

function purposes(capabilities: readonly Permission[]): string {
  return capabilities.map(({ name, purpose }) => `${purpose} (${name})`).join(" and ");
}

/** daemon */
export const daemon: DoctorCheck = {
  name: "daemon",
  needs: "nothing",
  async run({ file }, environment) {
    return judgeDaemon(await environment.daemon(), file, environment.runtime.version);
  },
};

/** By what it says of itself; `file` and `version` are those of the program that asks. */
export function judgeDaemon(
  seen: DaemonSeen,
  file: string,
  version: string,
): readonly Finding[] {
  if (seen.kind === "silent") {
    if (seen.why === "secret") return [unknown(seen.reason, "sudo floatip doctor")];
    if (seen.why === "sick") {
      return [problem(seen.reason, "Nobody can ask it or reload it.", "systemctl restart floatip")];
    }
    return [warning(
      "floatip does not run on this node",
      "This node takes no address over.",
      "systemctl enable --now floatip",
    )];
  }
  const { status } = seen;
  const faults = status.instances.flatMap(({ name, faults }) =>
    faults.map((words) =>
      problem(
        `${name} is in fault: ${words}`,
        FAULT,
        words.startsWith("check ")
          ? "sudo floatip check --try   # runs each check once"
          : undefined,
      )
    )
  );
  // What the daemon knows of two holders comes first: what the LAN shows now may be less.
  const twice = status.instances.filter(({ health }) => health === "two").flatMap((one) =>
    one.evidence.map((words) => problem(`${one.name} is held twice: ${words}`, TWICE))
  );
  const told = status.instances.flatMap(({ evidence }) => evidence);
  const rest = status.attention.filter((words) => !told.some((one) => words.endsWith(one)));
  const states = status.instances.map(({ name, state }) => `${name} ${state}`).join(", ");
  return [
    ok(`floatip ${status.version} runs: ${states || "no instance"}`),
    ...(status.version === version ? [] : [otherVersion(status.version, version)]),
    ...(status.config_file === file ? [] : [otherFile(status.config_file, file)]),
    ...twice,
    ...faults,
    ...rest.map((words) => warning(words, "The daemon asks to look at it.", STATUS)),
  ];
}

const FAULT = "The instance takes no part until that is over.";
const TWICE = "Clients reach now one machine, now the other.";
const STATUS = "floatip status";

function otherVersion(running: string, installed: string): Finding {
  return warning(
    `the daemon is ${running}, this program ${installed}`,
    "What was installed is not what runs.",
    "systemctl restart floatip",
  );
}

function otherFile(running: string, asked: string): Finding {
  return warning(
    `the daemon runs ${running}, not ${asked}`,
    "What is said here about the file is not about what runs.",
    `floatip doctor -c ${running}`,
  );
}
