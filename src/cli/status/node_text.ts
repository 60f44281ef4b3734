/** One node as it sees itself, as text. */
import type {
  NodeCheckStatus,
  NodeInstanceStatus,
  NodeStatus,
  StatusDocument,
} from "../../control/api.ts";
import { instanceLabel } from "../../printable.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { wrap } from "../table.ts";
import type { Paint } from "../terminal.ts";
import { agoText } from "./cluster_text.ts";
import { age, maintenanceLine, type Page } from "./page.ts";

/** `node` of `document` as lines of at most `columns`, as read at `now`. */
export function nodeLines(
  node: NodeStatus,
  document: StatusDocument,
  now: number,
  paint: Paint,
  columns: number = Infinity,
): readonly string[] {
  const page = { now, paint, columns };
  return [
    paint("dim", header(node, page)),
    ...stateLines(node, page),
    ...fileLines(node, document, paint),
    ...node.instances.flatMap((one) => ["", ...instanceLines(one, page)]),
    ...votesLines(node, document),
    ...(node.instances.length > 0 || node.witness === true ? [] : ["", nothingTold(document)]),
  ].flatMap((line) => wrap(line, columns));
}

function header({ name, version, started, self, heard_ms: heard }: NodeStatus, page: Page) {
  return [
    `${name}: ${version === null ? "floatip's version is not known" : `floatip ${version}`}`,
    ...(started === null ? [] : [`up ${age(started, page)}`]),
    self ? "this node" : heard === null ? "never heard" : `heard ${agoText(heard)}`,
  ].join(", ");
}

function stateLines(
  { state, words, maintenance, witness }: NodeStatus,
  page: Page,
): readonly string[] {
  if (maintenance !== null) return [maintenanceLine(maintenance, " there", page)];
  if (state === "up" && (words === "up" || witness === true)) return [];
  return [page.paint(state === "up" ? "warn" : "bad", words)];
}

/** That it is a witness, and for what it votes for the node that is asked. */
function votesLines(
  { witness, votes_for: all = [], self }: NodeStatus,
  { node }: StatusDocument,
): readonly string[] {
  return [
    ...(witness === true ? ["a witness: it votes, and holds no address"] : []),
    ...(self || all.length === 0 ? [] : [`it votes for ${node}, this node: ${all.join(", ")}`]),
  ];
}

function fileLines(
  { config, differs_in: keys, self }: NodeStatus,
  { config_file: file }: StatusDocument,
  paint: Paint,
): readonly string[] {
  if (self) return [`file ${file}`];
  if (config === null) return [];
  if (config === "same") return ["its file says the same as this node's"];
  return [
    paint("warn", `its file differs from this node's: ${keys.join(", ") || "where, is asked"}`),
  ];
}

function instanceLines(one: NodeInstanceStatus, page: Page): readonly string[] {
  const { paint } = page;
  const state = one.state === "fault" ? paint("bad", one.state) : one.state;
  const changed = one.priority === one.base_priority ? "" : ` (base ${one.base_priority})`;
  const label = paint("bold", instanceLabel(one.name, one.family));
  const link = one.link_up === null ? "its link is not known" : `link ${upOrDown(one.link_up)}`;
  return [
    `${label}  ${state} for ${age(one.since, page)}, priority ${one.priority}${changed}`,
    `  ${one.cause}`,
    ...one.faults.filter((fault) => fault !== one.cause).map((fault) => `  ${paint("bad", fault)}`),
    `  ${
      [
        one.master === null ? "it knows no master" : `it takes ${one.master} for the master`,
        `addresses ${one.holds_addresses ? "on" : "off"}`,
        link,
        ...(one.gateway_up === null ? [] : [`gateway ${upOrDown(one.gateway_up)}`]),
      ].join(", ")
    }`,
    ...one.checks.map((check) => `  ${checkLine(check, page)}`),
  ];
}

function checkLine({ name, up, last, since }: NodeCheckStatus, page: Page): string {
  const verdict = up === null ? "not known yet" : up ? "up" : page.paint("bad", "DOWN");
  const how = since === null || up === null ? "" : ` for ${age(since, page)}`;
  return `check ${name}: ${verdict}${how} (${last})`;
}

function nothingTold({ ready }: StatusDocument): string {
  return ready === null
    ? "it tells nothing of itself: the file has no [cluster]"
    : "nothing that it told of itself is recent";
}

/** 0: it is there, and well by its own word. */
export function nodeVerdict({ state, config, instances }: NodeStatus): ExitCode {
  const isWell = instances.every((one) => one.state === "master" || one.state === "backup");
  return state === "up" && config !== "differs" && isWell ? EXIT.ok : EXIT.degraded;
}

function upOrDown(isUp: boolean): string {
  return isUp ? "up" : "down";
}
