/** Checks of floatip itself: its configuration file, its permissions, its daemon. */
import { usesLowPort } from "../../../config/plan/plan.ts";
import { type DoctorCheck, type Finding, ok, problem, unknown, warning } from "../check.ts";
import type { DaemonSeen } from "../environment.ts";
import type { DoctorTarget } from "../target.ts";
import { missingFrom, purposesOf } from "../../../capabilities.ts";

/** The configuration file. */
export const configuration: DoctorCheck = {
  name: "configuration",
  needs: "nothing",
  run: (target) => Promise.resolve(judgeConfiguration(target)),
};

/** Errors and warnings of the file. What does not fit this machine is reported by "interface". */
function judgeConfiguration({ file, problems, plan }: DoctorTarget): readonly Finding[] {
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

/** Capabilities of this process and of the daemon. */
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
    const low = plan !== undefined && usesLowPort(plan.node, plan.config, least);
    return judgePermissions(own, running, daemon, environment.root, low);
  },
};

const ALWAYS = ["CAP_NET_ADMIN", "CAP_NET_RAW"] as const;

/**
 * `own` and `running`: /proc/PID/status of this process and of the daemon (proc_pid_status(5)).
 * `lowPort`: UDP goes from a port that needs CAP_NET_BIND_SERVICE.
 */
export function judgePermissions(
  own: string | undefined,
  running: string | undefined,
  daemon: DaemonSeen,
  root: boolean,
  lowPort = false,
): readonly Finding[] {
  const needed = lowPort ? [...ALWAYS, "CAP_NET_BIND_SERVICE"] as const : ALWAYS;
  const lacking = missingFrom(running ?? "", needed);
  if (lacking.length > 0) {
    const names = needed.join(" ");
    const fix = `give the unit AmbientCapabilities=${names}, or run it as root`;
    return [
      problem(`the daemon may not ${purposesOf(lacking)}`, "It cannot hold an address.", fix),
    ];
  }
  const missing = missingFrom(own ?? "", ALWAYS);
  if (missing.length === 0) return [ok("floatip may hold addresses and speak VRRP here")];
  if (root) {
    return [problem(
      `root may not ${purposesOf(missing)} here`,
      "This container lacks these capabilities; floatip would not start in it.",
      "docker run --network host --cap-add NET_ADMIN --cap-add NET_RAW ...",
    )];
  }
  const what = `this user may not ${purposesOf(missing)}`;
  return [unknown(
    daemon.kind === "running" ? `${what}; the daemon may` : `${what}: some checks cannot run`,
    "sudo floatip doctor",
  )];
}

/** Whether the daemon runs, and what it reports. */
export const daemon: DoctorCheck = {
  name: "daemon",
  needs: "nothing",
  async run({ file }, environment) {
    return judgeDaemon(await environment.daemon(), file, environment.runtime.version);
  },
};

/** `file` and `version`: of the program that asks. */
export function judgeDaemon(seen: DaemonSeen, file: string, version: string): readonly Finding[] {
  if (seen.kind === "silent") {
    if (seen.why === "secret") return [unknown(seen.reason, "sudo floatip doctor")];
    if (seen.why === "sick") {
      return [problem(seen.reason, "It cannot be asked or reloaded.", "systemctl restart floatip")];
    }
    return [warning(
      "floatip does not run on this node",
      "This node does not take over any address.",
      "systemctl enable --now floatip",
    )];
  }
  const { status } = seen;
  const faults = status.instances.flatMap(({ name, faults }) =>
    faults.map((fault) =>
      problem(
        `${name} is in fault: ${fault}`,
        FAULT,
        fault.startsWith("check ")
          ? "sudo floatip check --try   # runs each check once"
          : undefined,
      )
    )
  );
  // First what the daemon knows of two holders: the LAN may show less now.
  const twice = status.instances.filter(({ health }) => health === "two").flatMap((one) =>
    one.evidence.map((text) => problem(`${one.name} is held twice: ${text}`, TWICE))
  );
  const told = status.instances.flatMap(({ evidence }) => evidence);
  const rest = status.attention.filter((text) => !told.some((one) => text.endsWith(one)));
  const states = status.instances.map(({ name, state }) => `${name} ${state}`).join(", ");
  return [
    ok(`floatip ${status.version} runs: ${states || "no instance"}`),
    ...(status.version === version ? [] : [otherVersion(status.version, version)]),
    ...(status.config_file === file ? [] : [otherFile(status.config_file, file)]),
    ...twice,
    ...faults,
    ...rest.map((text) => warning(text, "The daemon reports it.", STATUS)),
  ];
}

const FAULT = "The instance cannot become master until that is fixed.";
const TWICE = "Clients reach one machine or the other by chance.";
const STATUS = "floatip status";

function otherVersion(running: string, installed: string): Finding {
  return warning(
    `the daemon is ${running}, this program ${installed}`,
    "The installed version is not the one that runs.",
    "systemctl restart floatip",
  );
}

function otherFile(running: string, asked: string): Finding {
  return warning(
    `the daemon runs ${running}, not ${asked}`,
    "This report is about a file that the daemon does not use.",
    `floatip doctor -c ${running}`,
  );
}
