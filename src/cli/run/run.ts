/** `floatip run`: the daemon in the foreground. */
import { demandCredential } from "../../config/credential_files.ts";
import { load } from "../../config/load.ts";
import { countProblems, problemsText } from "../../config/problem.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { DEFAULT_STATE_DIR } from "../../history/place.ts";
import { capabilityHint, missingCapabilities, purposesOf } from "../../capabilities.ts";
import type { Level } from "../../service/log.ts";
import { runService, StartError } from "../../service/service.ts";
import { DEFAULT_CONFIG_FILE, demandFile } from "../configuration_file.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip run`. */
export interface RunFlags {
  readonly config?: string | undefined;
  readonly node?: string | undefined;
  readonly runDir?: string | undefined;
  readonly stateDir?: string | undefined;
  readonly logLevel?: Level | undefined;
  readonly noRealTime?: boolean | undefined;
}

const FAILURES: Readonly<Record<StartError["trouble"], readonly [ExitCode, hint: string]>> = {
  "taken": [
    EXIT.failed,
    "`floatip status` shows it. A second daemon needs a --run-dir of its own.",
  ],
  "not-permitted": [EXIT.notPermitted, "Name a directory that can be written with --run-dir DIR."],
  "failed": [EXIT.failed, "Name a directory that can be written with --run-dir DIR."],
};

/** `floatip run`: comes back after an orderly stop. */
export async function run(terminal: Terminal, flags: RunFlags): Promise<ExitCode> {
  const named = flags.config ?? DEFAULT_CONFIG_FILE;
  const file = named.startsWith("/") ? named : `${Deno.cwd()}/${named}`;
  await demandFile(file);
  const loaded = await load(file, demandCredential);
  if (loaded.kind === "problems") {
    terminal.error(problemsText(loaded.problems));
    const message = `not started: ${countProblems(loaded.problems)} in ${file}`;
    const hint = `Fix the file; \`floatip check ${file}\` checks it again.`;
    throw new Failure(EXIT.invalid, message, hint);
  }
  const missing = missingCapabilities(["CAP_NET_ADMIN", "CAP_NET_RAW"]);
  if (missing.length > 0) {
    const message = `this user may not ${purposesOf(missing)}`;
    throw new Failure(EXIT.notPermitted, message, capabilityHint(missing, "run"));
  }
  try {
    await runService({
      file,
      config: loaded.config,
      warnings: loaded.warnings,
      nodeName: flags.node,
      runDir: flags.runDir ?? DEFAULT_RUN_DIR,
      stateDir: flags.stateDir ?? DEFAULT_STATE_DIR,
      logLevel: flags.logLevel ?? "info",
      realTime: flags.noRealTime !== true,
    });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const [exit, hint] = FAILURES[error.trouble];
    throw new Failure(exit, error.message, hint);
  }
  return EXIT.ok;
}
