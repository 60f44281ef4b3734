/** `floatip maintenance`: takes this node out of the election, and back. */
import type { MaintenanceAnswer, MaintenanceStatus } from "../../control/api.ts";
import { ControlClient } from "../../control/client.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { answerOf } from "../control_errors.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { PATIENCE_MS, patienceWith, wholeMilliseconds } from "../handover/run.ts";
import { formatLocalTime, type WallTime } from "../../time.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip maintenance`. */
export interface MaintenanceFlags {
  readonly reason?: string | undefined;
  readonly for?: number | undefined;
  readonly force?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly runDir?: string | undefined;
}

/** `floatip maintenance on|off|status`. */
export async function maintenance(
  terminal: Terminal,
  flags: MaintenanceFlags,
  what: "on" | "off" | "status",
): Promise<ExitCode> {
  using client = new ControlClient(flags.runDir ?? DEFAULT_RUN_DIR, PATIENCE_MS);
  return what === "status"
    ? await show(client, flags, terminal)
    : await change(client, flags, what === "on", terminal);
}

/** "on since 2026-11-21 04:04:05.678 until ...: new SSD". */
export function maintenanceText({ since, until, reason }: MaintenanceStatus): string {
  const local = (text: string): string => formatLocalTime(Date.parse(text) as WallTime);
  const end = until === null ? "" : ` until ${local(until)}`;
  return `on since ${local(since)}${end}${reason === null ? "" : `: ${reason}`}`;
}

async function show(
  client: ControlClient,
  flags: MaintenanceFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { maintenance: present } = await answerOf(client.status());
  if (flags.json === true) terminal.out(`${JSON.stringify({ maintenance: present })}\n`);
  else terminal.out(`maintenance is ${present === null ? "off" : maintenanceText(present)}\n`);
  return EXIT.ok;
}

async function change(
  client: ControlClient,
  flags: MaintenanceFlags,
  on: boolean,
  terminal: Terminal,
): Promise<ExitCode> {
  await answerOf(client.reach());
  const json = flags.json === true;
  using _patience = patienceWith(terminal, json || !on);
  const { reason, force = false } = flags;
  const forMs = wholeMilliseconds(flags.for);
  const answer = await answerOf(client.maintain({ on, reason, forMs, force }));
  return tell(answer, json, terminal);
}

function tell(answer: MaintenanceAnswer, json: boolean, terminal: Terminal): ExitCode {
  const refused = answer.outcome === "refused";
  if (json) terminal.out(`${JSON.stringify(answer, undefined, 2)}\n`);
  else if (!refused) terminal.out(`${answer.words}\n`);
  if (!refused) return answer.saved ? EXIT.ok : EXIT.failed;
  if (json) return EXIT.failed;
  const hint = "With --force it is on all the same, and no node holds the address.";
  throw new Failure(EXIT.failed, answer.words, hint);
}
