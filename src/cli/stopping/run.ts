/**
 * `floatip stopping`: ExecStop= of the unit. Where systemd restarts the service, the addresses
 * stay.
 */
import { ControlClient } from "../../control/client.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { askProgram } from "../programs.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip stopping`. */
export interface StoppingFlags {
  readonly unit?: string | undefined;
  readonly runDir?: string | undefined;
}

/**
 * ExecStop= of the unit: has the daemon restart in place where the job that runs is a restart. All
 * else, failures included, is left to the SIGTERM that follows, which gives everything up in order.
 */
export async function stopping(terminal: Terminal, flags: StoppingFlags): Promise<ExitCode> {
  const unit = flags.unit ?? "floatip.service";
  const said = await askProgram(["systemctl", "list-jobs", "--plain", "--no-legend", unit]);
  if (said === undefined || jobOf(said.stdout, unit) !== "restart") return EXIT.ok;
  using client = new ControlClient(flags.runDir ?? DEFAULT_RUN_DIR);
  try {
    const { words } = await client.restart();
    terminal.out(`restart in place: ${words}\n`);
  } catch {
    // It has ended before its answer was out, or it does not answer: SIGTERM will tell.
  }
  return EXIT.ok;
}

/**
 * The type of the job of `unit` in what systemctl(1) list-jobs prints: "123 floatip.service restart
 * running".
 */
export function jobOf(jobs: string, unit: string): string | undefined {
  const lines = jobs.split("\n").map((line) => line.trim().split(/\s+/));
  return lines.find(([, name]) => name === unit)?.[2];
}
