/** Does the daemon run, is it of this version, and what does it complain about? */
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, problem, unknown, warning } from "../finding.ts";
import type { DaemonSeen } from "../environment.ts";

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
