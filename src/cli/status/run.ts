/** `floatip status`: the status document of the daemon on this node, once or again and again. */
import type { NodeStatus, StatusDocument } from "../../control/api.ts";
import { ControlClient } from "../../control/client.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { formatLocalTime, type WallTime } from "../../time.ts";
import { answerOf } from "../control_errors.ts";
import { EXIT, type ExitCode, Failure, formatFailure } from "../exit.ts";
import { Screen } from "../screen.ts";
import { Ending } from "../signals.ts";
import { nodeLines, nodeVerdict } from "./node_text.ts";
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

/** What is shown of a document: all of it, or one node as that sees itself. */
interface View {
  /** For --json. */
  readonly json: (document: StatusDocument) => unknown;
  readonly lines: (document: StatusDocument, terminal: Terminal) => readonly string[];
  readonly verdict: (document: StatusDocument) => ExitCode;
}

/** `floatip status`. */
export async function status(
  terminal: Terminal,
  flags: StatusFlags,
  node?: string,
): Promise<ExitCode> {
  using client = new ControlClient(flags.runDir ?? DEFAULT_RUN_DIR);
  const first = await answerOf(client.status());
  const view = node === undefined ? ALL : viewOf(node);
  if (flags.watch === true) return await watch(terminal, client, first, view, flags.json === true);
  terminal.out(
    flags.json === true
      ? `${JSON.stringify(view.json(first), undefined, 2)}\n`
      : formatText(first, view, terminal),
  );
  return view.verdict(first);
}

const ALL: View = {
  json: (document) => document,
  lines: (document, terminal) =>
    statusLines(document, Date.now(), terminal.paint, columnsOf(terminal)),
  verdict,
};

/** The node called `name`. Fails where the file has none of that name. */
function viewOf(name: string): View {
  const find = ({ nodes }: StatusDocument): NodeStatus => {
    const found = nodes.find((node) => node.name === name);
    if (found !== undefined) return found;
    const names = nodes.map((node) => node.name).join(", ");
    const hint = names === "" ? "the file has no [nodes]" : `the nodes are ${names}`;
    throw new Failure(EXIT.usage, `there is no node ${name}`, hint);
  };
  return {
    json: find,
    lines: (document, terminal) =>
      nodeLines(find(document), document, Date.now(), terminal.paint, columnsOf(terminal)),
    verdict: (document) => nodeVerdict(find(document)),
  };
}

/** Shows `first` and what follows until it is told to end; returns the exit code of the last. */
async function watch(
  terminal: Terminal,
  client: ControlClient,
  first: StatusDocument,
  view: View,
  json: boolean,
): Promise<ExitCode> {
  using ending = new Ending();
  using screen = terminal.interactive && !json ? new Screen(terminal) : undefined;
  let document = first;
  let shown = "";
  while (true) {
    const essence = essenceOf(document);
    if (screen !== undefined) screen.draw(view.lines(document, terminal));
    else if (essence !== shown) {
      terminal.out(json ? formatLine(view.json(document)) : block(document, view, terminal));
    }
    shown = essence;
    await ending.pause(WATCH_EVERY_MS);
    if (ending.signal.aborted || terminal.closed) return view.verdict(document);
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

function formatText(document: StatusDocument, view: View, terminal: Terminal): string {
  return `${view.lines(document, terminal).join("\n")}\n`;
}

/** As wide as the terminal is; in a pipe as wide as they come. */
function columnsOf(terminal: Terminal): number {
  return terminal.interactive ? terminal.size().columns : Infinity;
}

function formatLine(document: unknown): string {
  return `${JSON.stringify(document)}\n`;
}

/** One change in a pipe, with its time. */
function block(document: StatusDocument, view: View, terminal: Terminal): string {
  const time = formatLocalTime(Date.now() as WallTime);
  return `--- ${time}\n${formatText(document, view, terminal)}\n`;
}

/** What of a document is news when it changes: no ages and no counters. */
function essenceOf(document: StatusDocument): string {
  const { node, nodes, ready, instances, attention } = document;
  const parts = instances.map((one) => [
    [one.name, one.family, one.state, one.master, one.since, one.priority, one.addresses],
    [one.health, one.interface, one.faults, one.checks.map(({ up }) => up)],
  ]);
  // Without [cluster] what changes of a node shows in the attention.
  const told = ready === null ? [] : nodes.map((one) => [
    [one.name, one.state, one.config, one.differs_in, one.version],
    one.instances.map(({ state, priority, faults, checks }) => [
      [state, priority, faults],
      checks.map(({ up }) => up),
    ]),
  ]);
  return JSON.stringify([node, parts, attention, ready, told]);
}
