/** `floatip status`: the status document of the daemon on this node, once or again and again. */
import type { StatusDocument } from "../../control/api.ts";
import { ControlClient } from "../../control/client.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { formatLocalTime, type WallTime } from "../../time.ts";
import { answerOf } from "../control_errors.ts";
import { type ExitCode, Failure, formatFailure } from "../exit.ts";
import { Screen } from "../screen.ts";
import { Ending } from "../signals.ts";
import { statusLines } from "./text.ts";
import type { Terminal } from "../terminal.ts";
import { verdict } from "./health.ts";

/** Flags of `floatip status`. */
export interface StatusFlags {
  readonly json?: boolean | undefined;
  readonly watch?: boolean | undefined;
  readonly runDir?: string | undefined;
}

/** How often `--watch` asks, in milliseconds. */
const WATCH_EVERY_MS = 1000;

/** `floatip status`. */
export async function status(terminal: Terminal, flags: StatusFlags): Promise<ExitCode> {
  using client = new ControlClient(flags.runDir ?? DEFAULT_RUN_DIR);
  const first = await answerOf(client.status());
  if (flags.watch === true) return await watch(terminal, client, first, flags.json === true);
  terminal.out(flags.json === true ? formatJson(first) : formatText(first, terminal));
  return verdict(first);
}

/** Shows `first` and what follows until it is told to end; returns the exit code of the last. */
async function watch(
  terminal: Terminal,
  client: ControlClient,
  first: StatusDocument,
  json: boolean,
): Promise<ExitCode> {
  using ending = new Ending();
  using screen = terminal.interactive && !json ? new Screen(terminal) : undefined;
  let document = first;
  let shown = "";
  while (true) {
    const essence = essenceOf(document);
    if (screen !== undefined) screen.draw(linesOf(document, terminal));
    else if (essence !== shown) {
      terminal.out(json ? formatLine(document) : block(document, terminal));
    }
    shown = essence;
    await ending.pause(WATCH_EVERY_MS);
    if (ending.signal.aborted || terminal.closed) return verdict(document);
    document = await askAgain(client, ending, (failure) => {
      if (screen !== undefined) screen.draw(formatFailure(failure).trimEnd().split("\n"));
      else if (shown !== failure.message) terminal.error(formatFailure(failure));
      shown = failure.message;
    }) ?? document;
  }
}

/**
 * Asks until there is an answer: a daemon that is restarted comes back. Undefined: it was told to
 * end meanwhile.
 */
async function askAgain(
  client: ControlClient,
  ending: Ending,
  complain: (failure: Failure) => void,
): Promise<StatusDocument | undefined> {
  while (!ending.signal.aborted) {
    try {
      return await answerOf(client.status());
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      complain(error);
      await ending.pause(WATCH_EVERY_MS);
    }
  }
  return undefined;
}

function formatText(document: StatusDocument, terminal: Terminal): string {
  return `${linesOf(document, terminal).join("\n")}\n`;
}

/** As wide as the terminal is; in a pipe as wide as they come. */
function linesOf(document: StatusDocument, terminal: Terminal): readonly string[] {
  const columns = terminal.interactive ? terminal.size().columns : Infinity;
  return statusLines(document, Date.now(), terminal.paint, columns);
}

function formatJson(document: StatusDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function formatLine(document: StatusDocument): string {
  return `${JSON.stringify(document)}\n`;
}

/** One change in a pipe, with its time. */
function block(document: StatusDocument, terminal: Terminal): string {
  return `--- ${formatLocalTime(Date.now() as WallTime)}\n${formatText(document, terminal)}\n`;
}

/** What of a document is news when it changes: no ages and no counters. */
function essenceOf(document: StatusDocument): string {
  const { node, instances, attention } = document;
  const parts = instances.map((one) => [
    [one.name, one.family, one.state, one.master, one.since, one.priority, one.addresses],
    [one.health, one.interface, one.faults, one.checks.map(({ up }) => up)],
  ]);
  return JSON.stringify([node, parts, attention]);
}
