/** The demo as text: the nodes in a table, the client as a strip of time, events as lines. */
import type { InstanceStatus } from "../../src/control/api.ts";
import { alignColumns } from "../../src/cli/table.ts";
import type { Paint } from "../../src/cli/terminal.ts";

/** One node as the demo sees it. */
export interface NodeView {
  readonly name: string;
  readonly address: string;
  readonly plugged: boolean;
  /** Undefined: it does not answer (yet, or any more). */
  readonly instance: InstanceStatus | undefined;
}

/** The client, or undefined before it asks. */
export interface ClientView {
  /** One cell per 100 ms, oldest first: was there a reply in it? */
  readonly cells: readonly boolean[];
  readonly silenceMs: number;
}

/** Something that happened, `atMs` after the start. */
export interface Line {
  readonly atMs: number;
  readonly text: string;
}

/** Everything that is shown at one moment. */
export interface View {
  readonly nodes: readonly NodeView[];
  readonly client: ClientView | undefined;
  readonly lines: readonly Line[];
}

/** Milliseconds of one cell of the client's strip, and how many are shown. */
export const strip = { cellMs: 100, cells: 60 };

/** A client that waits longer than this between two replies is said to be without the address. */
const silentMs = 60;

/**
 * The whole picture, redrawn in place on a terminal of so many rows; of what happened, the newest
 * that fit.
 */
export function picture(view: View, rows: number, paint: Paint): readonly string[] {
  const above = [
    "",
    ...table(view.nodes, paint).map((row) => `  ${row}`),
    "",
    `  ${clientLine(view.client, paint)}`,
    "",
  ];
  // The cursor needs the last row.
  const room = Math.max(1, rows - 1 - above.length);
  return [...above, ...view.lines.slice(-room).map((line) => formatLine(line, paint))];
}

/** The nodes: one row each, under a head. */
export function table(nodes: readonly NodeView[], paint: Paint): readonly string[] {
  const head = ["NODE", "ADDRESS", "CABLE", "STATE", "HOLDS", "WHY"];
  return alignColumns([
    head.map((word) => paint("dim", word)),
    ...nodes.map((node) => [
      node.name,
      node.address,
      node.plugged ? "plugged" : paint("bad", "pulled"),
      stateOf(node.instance, paint),
      node.instance?.state === "master" ? node.instance.addresses.join(" ") : "",
      node.instance?.faults[0] ?? node.instance?.cause ?? "",
    ]),
  ]);
}

/** "  3.2 s  pi-a is master". */
export function formatLine({ atMs, text }: Line, paint: Paint): string {
  return `${paint("dim", `${(atMs / 1000).toFixed(1).padStart(6)} s`)}  ${text}`;
}

function stateOf(instance: InstanceStatus | undefined, paint: Paint): string {
  switch (instance?.state) {
    case undefined:
      return paint("dim", "off");
    case "master":
      return paint("good", "MASTER");
    case "fault":
      return paint("bad", "fault");
    default:
      return instance?.state ?? "";
  }
}

function clientLine(client: ClientView | undefined, paint: Paint): string {
  if (client === undefined) return "client";
  const cells = client.cells.map((answered) => answered ? paint("good", "▄") : paint("bad", "_"));
  const words = client.silenceMs < silentMs
    ? "has replies"
    : paint("bad", `no reply for ${(client.silenceMs / 1000).toFixed(1)} s`);
  return `client ${cells.join("")} ${words}`;
}
