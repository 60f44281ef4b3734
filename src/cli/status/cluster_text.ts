/** Nodes that tell each other their state, as text: their table, and how many could hold what. */
import type {
  InstanceStatus,
  NodeCheckStatus,
  NodeInstanceStatus,
  NodeStatus,
  PeerStatus,
  StatusDocument,
} from "../../control/api.ts";
import { formatDuration, milliseconds, seconds } from "../../time.ts";
import { alignColumns, widthOf } from "../table.ts";
import type { Paint } from "../terminal.ts";
import type { Page } from "./page.ts";

/** What a row of the table says. */
interface Row {
  readonly isMaster: boolean;
  readonly name: string;
  readonly state: string;
  readonly priority: string;
  readonly checks: string;
  readonly known: string;
  /** What a person should know besides. */
  readonly note: string;
}

/** Checks of one node that are named, where more of them are up. */
const MOST_CHECKS = 3;

/** The table of all nodes; where it is wider than `columns`, lines for each node. */
export function clusterLines(
  instance: InstanceStatus,
  document: StatusDocument,
  page: Page,
): readonly string[] {
  const { paint, columns } = page;
  const rows = [
    ...document.nodes.map((node) => nodeRow(node, instance, document, page)),
    ...strangers(instance, document).map((peer) => strangerRow(peer, instance)),
  ];
  const hasChecks = rows.some(({ checks }) => checks !== "");
  const titles = ["   ", "NODE", "STATE", "PRIORITY", ...(hasChecks ? ["CHECKS"] : []), "KNOWN"];
  const table = alignColumns([
    titles.map((title) => paint("dim", title)),
    ...rows.map(({ isMaster, name, state, priority, checks, known, note }) => [
      isMaster ? "  *" : "   ",
      name,
      state,
      priority,
      ...(hasChecks ? [checks] : []),
      known,
      note,
    ]),
  ]);
  if (table.every((line) => widthOf(line) <= columns)) return table;
  return rows.flatMap(({ isMaster, name, state, priority, checks, known, note }) => [
    `${isMaster ? "  *" : "   "}  ${name}  ${
      [`${state} ${priority}`.trim(), checks, known].filter((one) => one !== "").join(", ")
    }`,
    ...(note === "" ? [] : [`       ${note}`]),
  ]);
}

/** What `node` says of `instance`; undefined: nothing that is fresh. */
export function toldOf(
  node: NodeStatus,
  { name, family }: Pick<InstanceStatus, "name" | "family">,
): NodeInstanceStatus | undefined {
  return node.instances.find((one) => one.name === name && one.family === family);
}

function nodeRow(
  node: NodeStatus,
  instance: InstanceStatus,
  document: StatusDocument,
  { now, paint }: Page,
): Row {
  const told = toldOf(node, instance);
  const peer = instance.peers.find(({ address }) => node.addresses.includes(address));
  const isMaster = instance.master?.node === node.name;
  const state = stateOf(node, told, isMaster);
  const isBad = ["fault", "lost", "not-running", "other-secret"].includes(state);
  return {
    isMaster,
    name: node.name,
    state: isBad ? paint("bad", state) : state,
    priority: told !== undefined ? priorityText(told) : priorityOf(peer),
    checks: checksText(told?.checks ?? [], now, paint),
    known: knownText(node, told),
    note: notesOf(node, told, document, instance).join("; "),
  };
}

/** By its own word where that is fresh, else by its adverts. */
function stateOf(
  { state, witness }: NodeStatus,
  told: NodeInstanceStatus | undefined,
  isMaster: boolean,
): string {
  if (state !== "up") return state;
  if (witness === true) return "witness";
  return told?.state ?? (isMaster ? "master" : state);
}

function priorityText({ priority, base_priority: base }: NodeInstanceStatus): string {
  return priority === base ? String(priority) : `${priority} of ${base}`;
}

/** A master says priority 1 when it asks the others to take over. */
function priorityOf(peer: PeerStatus | undefined): string {
  const priority = peer?.priority ?? 0;
  return priority <= 1 ? "" : String(priority);
}

/** "nginx DOWN for 4 min, 3 ok": what is down is named first. */
function checksText(checks: readonly NodeCheckStatus[], now: number, paint: Paint): string {
  const down = checks.filter(({ up }) => up === false).map(({ name, since }) => {
    const age = since === null ? "" : ` for ${longText(now - Date.parse(since))}`;
    return paint("bad", `${name} DOWN${age}`);
  });
  const open = checks.filter(({ up }) => up === null).map(({ name }) => `${name} not known yet`);
  const up = checks.filter((check) => check.up);
  const well = checks.length <= MOST_CHECKS
    ? up.map(({ name }) => `${name} ok`)
    : up.length > 0
    ? [`${up.length} ok`]
    : [];
  return [...down, ...open, ...well].join(", ");
}

/** How old it is, and how far away the node. */
function knownText(node: NodeStatus, told: NodeInstanceStatus | undefined): string {
  if (node.self) return "this node";
  const heard = told?.heard_ms ?? node.heard_ms;
  if (heard === null) return "never";
  const rtt = told === undefined || node.rtt_ms === null ? "" : `, ${waytext(node.rtt_ms)}`;
  return `${agoText(heard)}${rtt}`;
}

/** "0.4 s ago". */
export function agoText(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s ago` : `${longText(ms)} ago`;
}

/** In whole seconds. */
function longText(ms: number): string {
  return formatDuration(seconds(Math.max(1, Math.round(ms / 1000))));
}

function waytext(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : formatDuration(milliseconds(Math.round(ms)));
}

/** Why it cannot hold the addresses, and in what it is another one than this node. */
function notesOf(
  node: NodeStatus,
  told: NodeInstanceStatus | undefined,
  { version }: StatusDocument,
  instance: InstanceStatus,
): readonly string[] {
  const down = told?.checks.filter(({ up }) => up === false).map(({ last }) => last) ?? [];
  // A check that is down has its column.
  const faults = told?.faults.filter((fault) => !/^check .* is down/.test(fault)) ?? [];
  const isOdd = node.state !== "up" || (node.words !== "up" && node.witness !== true);
  return [
    ...(isOdd ? [node.words] : []),
    ...voteNotes(node, instance),
    ...new Set([...down, ...faults]),
    ...(told?.state !== "master" && isRival(node.name, instance) ? [HOLDS_TOO] : []),
    ...(told?.state === "master" && !told.holds_addresses ? ["its addresses are off"] : []),
    ...(told?.adverts_lost ? [`hears no advert of ${told.master ?? "the master"}`] : []),
    ...(told?.aside_for ? [`stands aside for ${told.aside_for}`] : []),
    ...(node.config === "differs" ? ["other file"] : []),
    ...(node.version === null || node.version === version ? [] : [`floatip ${node.version}`]),
  ];
}

/** Of a witness that votes for this node, and of a machine that is there and does not. */
function voteNotes(node: NodeStatus, { votes, state }: InstanceStatus): readonly string[] {
  const { name, witness } = node;
  if (!votes?.from?.length || !votes.of.includes(name)) return [];
  if (votes.from.includes(name)) return witness === true ? ["votes for this node"] : [];
  return state === "master" && node.state === "up" ? ["does not vote for this node"] : [];
}

/** What is said of a machine that is named where the address is held twice. */
export const HOLDS_TOO = "holds the address too";

/** Does the machine called `name` hold the addresses beside the master? */
export function isRival(name: string, { rivals }: InstanceStatus): boolean {
  return rivals.includes(name);
}

/** Machines that are heard for this VRID, and are no node. */
function strangers(instance: InstanceStatus, { nodes }: StatusDocument): readonly PeerStatus[] {
  const known = new Set(
    nodes.flatMap((node) => [...node.addresses, toldOf(node, instance)?.source ?? ""]),
  );
  return instance.peers.filter(({ address }) => !known.has(address));
}

function strangerRow(peer: PeerStatus, instance: InstanceStatus): Row {
  const isMaster = instance.master?.address === peer.address;
  const { last_heard_ms: heard } = peer;
  const notes = [
    ...(isRival(peer.node, instance) ? [HOLDS_TOO] : []),
    ...(peer.configured ? [] : ["not configured"]),
    ...(peer.other_addresses ? ["other addresses"] : []),
  ];
  return {
    isMaster,
    name: peer.node,
    state: isMaster ? "master" : "unknown",
    priority: priorityOf(peer),
    checks: "",
    known: heard === null ? "never" : agoText(heard),
    note: notes.join(", "),
  };
}

/**
 * "2 of 3 could hold it. pi-c's file differs: [check.nginx] interval."; empty without [cluster].
 */
export function summaryLines(document: StatusDocument, paint: Paint): readonly string[] {
  const { ready, nodes, instances } = document;
  if (ready === null || instances.length === 0) return [];
  const total = nodes.filter(isNode).length;
  const wanted = Math.min(2, total);
  const counts = [...new Set(Object.values(ready))].toSorted((a, b) => a - b);
  const isOne = Object.keys(ready).length === 1;
  const could = counts.map((count) => {
    const names = Object.entries(ready).filter(([, one]) => one === count).map(([name]) => name);
    const words = `${count} of ${total} could hold ${isOne ? "it" : names.join(", ")}`;
    return count < wanted ? paint("bad", words) : words;
  });
  const versions = nodes.filter(({ version }) => version !== null && version !== document.version)
    .map(({ name, version }) => `${name} runs floatip ${version}`);
  const drift = document.attention.filter(isDrift).map((words) => paint("warn", words));
  return [`${[...could, ...versions, ...drift].join(". ")}.`];
}

/** Is it one of [nodes]? Witnesses hold nothing; a written peer is called by its address. */
export function isNode({ name, addresses, witness }: NodeStatus): boolean {
  return witness !== true && !addresses.includes(name);
}

/** Does the last line say it? */
export function isDrift(sentence: string): boolean {
  return /^\S+'s file differs/.test(sentence);
}
