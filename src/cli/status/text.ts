/** The status document as text: the instances, their nodes, and what needs attention. */
import type {
  CheckStatus,
  Health,
  InstanceStatus,
  LastHolder,
  PeerStatus,
  StatusDocument,
} from "../../control/api.ts";
import { instanceLabel } from "../../printable.ts";
import { REJECT_REASONS, type RejectReason } from "../../wire/reject.ts";
import { alignColumns, widthOf, wrap } from "../table.ts";
import type { Paint, Style } from "../terminal.ts";
import { sinkLines } from "./sinks_text.ts";
import {
  agoText,
  clusterLines,
  HOLDS_TOO,
  isDrift,
  isNode,
  isRival,
  summaryLines,
  toldOf,
} from "./cluster_text.ts";
import { age, duration, maintenanceLine, type Page } from "./page.ts";
import { votesLines, witnessText } from "./votes_text.ts";

/** What a headline says when it does not say who holds the addresses, and how it looks. */
const HEADLINE_STYLES: Readonly<Record<Health, Style>> = {
  held: "good",
  listening: "warn",
  fault: "bad",
  nobody: "bad",
  two: "bad",
};

/** A master says this priority when it asks the others to take over. */
const LEAST = 1;

/** `document` as lines of at most `columns`, as read at `now` (milliseconds since 1970). */
export function statusLines(
  document: StatusDocument,
  now: number,
  paint: Paint,
  columns: number = Infinity,
): readonly string[] {
  const page = { now, paint, columns };
  const instances = document.instances.flatMap((instance) => [
    "",
    ...instanceLines(instance, document, page),
  ]);
  const none = document.witness === true
    ? ["", witnessText(document)]
    : ["", "no instance: the configuration has no [instance.NAME] for this node"];
  return [
    paint("dim", header(document, page)),
    ...(document.maintenance === null ? [] : [maintenanceLine(document.maintenance, "", page)]),
    ...(document.instances.length === 0 ? none : instances),
    ...sinkLines(document.sinks, paint),
    ...unmatchedLines(document.rejects),
    ...attentionLines(document, paint),
    ...lastLines(document, paint),
  ].flatMap((line) => wrap(line, columns));
}

function header(document: StatusDocument, page: Page): string {
  const { node, version, started, config_file: file } = document;
  return `${node}: floatip ${version}, up ${age(started, page)}, ${file}`;
}

function instanceLines(
  instance: InstanceStatus,
  document: StatusDocument,
  page: Page,
): readonly string[] {
  const { paint, columns } = page;
  const isOver = instance.health === "held" && pastHolder(instance, document) !== null;
  const headline = [
    paint("bold", instanceLabel(instance.name, instance.family)),
    place(instance),
    paint(isOver ? "warn" : HEADLINE_STYLES[instance.health], holder(instance, document, page)),
  ];
  const whole = headline.join("  ");
  return [
    ...(widthOf(whole) <= columns
      ? [whole]
      : headline.map((part, i) => (i > 0 ? "  " : "") + part)),
    ...votesLines(instance),
    ...(document.ready === null
      ? knownLines(instance, document, page)
      : toldLines(instance, document, page)),
  ];
}

/** Before an interface fits, the addresses have no prefix length, and are not told. */
function place({ addresses, interface: link }: InstanceStatus): string {
  const where = `on ${link ?? "no interface yet"}`;
  return addresses.length === 0 ? where : `${addresses.join(", ")} ${where}`;
}

/** Without [cluster]: this node, and what can be found out of the others. */
function knownLines(
  instance: InstanceStatus,
  document: StatusDocument,
  page: Page,
): readonly string[] {
  return [
    `  ${ownStateText(instance, page)}`,
    ...handedOverLines(instance, page),
    ...nodeLines(nodeRows(instance, document, page.paint), page.columns),
    `  ${page.paint("dim", protocolText(instance))}`,
    ...rejectLines(instance.rejects),
    ...instance.checks.map((check) => `  ${checkText(check, page.paint)}`),
  ];
}

/** With [cluster]: what all nodes tell. */
function toldLines(
  instance: InstanceStatus,
  document: StatusDocument,
  page: Page,
): readonly string[] {
  return [
    ...handedOverLines(instance, page),
    ...clusterLines(instance, document, page),
    ...rejectLines(instance.rejects),
  ];
}

function lastLines(document: StatusDocument, paint: Paint): readonly string[] {
  const lines = summaryLines(document, paint);
  return lines.length === 0 ? [] : ["", ...lines];
}

/** "check nginx: down (connection refused), weight -50". */
function checkText(check: CheckStatus, paint: Paint): string {
  const weight = check.weight === null ? "" : `, weight ${check.weight}`;
  if (check.up === null) {
    const last = check.latency_ms === null ? "no result yet" : `not decided yet (${check.last})`;
    return `check ${check.name}: ${last}${weight}`;
  }
  const verdict = check.up ? "up" : paint("bad", "down");
  return `check ${check.name}: ${verdict} (${check.last})${weight}`;
}

/** The holder of the addresses, as far as this node knows. */
function holder(instance: InstanceStatus, document: StatusDocument, page: Page): string {
  const { maintenance } = document;
  const { master, state, since, health, rivals } = instance;
  const elsewhere = () => heldElsewhere(instance, document);
  if (health === "two") {
    const self = state === "master" ? " (this node)" : "";
    return `HELD TWICE: by ${[`${master?.node}${self}`, ...rivals].join(" and ")}`;
  }
  if (state === "init" && maintenance !== null) {
    return `this node is in maintenance; ${elsewhere()}`;
  }
  if (state === "init") return `not started; ${elsewhere()}`;
  switch (health) {
    case "nobody":
      return master === null && instance.last_holder !== null
        ? `HELD BY NO NODE that is heard; ${elsewhere()}`
        : "HELD BY NO NODE";
    case "fault":
      return `FAULT on this node; ${elsewhere()}`;
    case "listening":
      return listening(instance);
    case "held":
      return state === "master"
        ? `held by ${master?.node} (this node) for ${age(since, page)}`
        : `${elsewhere()}${heldFor(instance, document, page)}`;
  }
}

/** Since when another node is master, where it tells that. */
function heldFor(instance: InstanceStatus, { nodes }: StatusDocument, page: Page): string {
  const holder = nodes.find(({ name }) => name === instance.master?.node);
  const told = holder && toldOf(holder, instance);
  return told?.state === "master" ? ` for ${age(told.since, page)}` : "";
}

/** Of a node that has just started, or has not asked for long. */
function listening({ master, state }: InstanceStatus): string {
  if (master === null) return "no master heard yet: this node listens before it takes over";
  const holder = state === "master" ? `${master.node} (this node)` : master.node;
  return `held by ${holder}; the LAN is asked whether another machine has it too`;
}

/** What this node, which is not master, knows of the holder; of one that is gone: when it was. */
function heldElsewhere(instance: InstanceStatus, document: StatusDocument): string {
  const past = pastHolder(instance, document);
  if (past !== null) return `${past.node} held it ${agoText(past.ago_ms)}`;
  const { master } = instance;
  return master === null ? "the holder is unknown here" : `held by ${master.node}`;
}

/** The master, where it is gone, or who held the addresses last; null: neither. */
function pastHolder(
  { master, last_holder: last }: InstanceStatus,
  { nodes }: StatusDocument,
): LastHolder | null {
  if (master === null) return last;
  const { state, heard_ms: heard } = nodes.find(({ name }) => name === master.node) ?? {};
  return (state === "lost" || state === "left") && typeof heard === "number"
    ? { node: master.node, ago_ms: heard }
    : null;
}

/** This node's own state with its reason. */
function ownStateText(instance: InstanceStatus, page: Page): string {
  const { state, since, cause, faults } = instance;
  if (state === "fault") return `this node: fault for ${age(since, page)}: ${faults.join("; ")}`;
  return `this node: ${state} for ${age(since, page)}: ${cause}`;
}

/** After a handover this node does not preempt. */
function handedOverLines(
  { aside, name }: InstanceStatus,
  { now, paint }: Page,
): readonly string[] {
  if (aside === null) return [];
  const end = aside.until === null
    ? `until \`floatip handover ${name} --back\``
    : `for another ${duration(Date.parse(aside.until) - now)}`;
  return [`  ${paint("warn", "handed over")}: this node does not preempt ${end}`];
}

/**
 * The table of nodes; where it is wider than `columns`, without addresses, and else a line for each
 * node.
 */
function nodeLines(rows: readonly (readonly string[])[], columns: number): readonly string[] {
  const named = rows.map(([mark = "", name = "", ...others]) => [
    mark,
    name.replace(/ \([^)]*\)$/, ""),
    ...others,
  ]);
  const tables = [rows, named].map(alignColumns);
  const fitting = tables.find((lines) => lines.every((line) => widthOf(line) <= columns));
  return fitting ??
    named.slice(1).map(([mark, name, state, priority, seen]) =>
      `${mark}  ${name}: ${state}, priority ${priority}, ${
        seen === "this node" ? seen : `seen ${seen}`
      }`
    );
}

/** The table of nodes; a star marks the master. */
function nodeRows(
  instance: InstanceStatus,
  document: StatusDocument,
  paint: Paint,
): readonly (readonly string[])[] {
  const others = [...instance.peers, ...silentNodes(instance, document)]
    .map((peer) => peerRow(peer, instance, document));
  const titles = ["   ", "NODE", "STATE", "PRIORITY", "SEEN"].map((title) => paint("dim", title));
  return [titles, ownRow(instance, document), ...others];
}

/**
 * Nodes of the file that no peer stands for: with multicast, peers are those who were heard. For
 * IPv4 only: by IPv6 a node is heard from its link-local address, which the file may not name.
 */
function silentNodes(instance: InstanceStatus, document: StatusDocument): readonly PeerStatus[] {
  if (instance.family !== "ipv4") return [];
  const known = new Set(instance.peers.map(({ address }) => address));
  // A peer without a name is that of some instance, perhaps of another one.
  const named = document.nodes.filter((node) => !node.self && isNode(node));
  return named.flatMap(({ name, addresses }) => {
    const own = addresses.filter((address) => !address.includes(":"));
    const [address] = own;
    if (address === undefined || own.some((other) => known.has(other))) return [];
    return [{
      node: name,
      address,
      configured: true,
      priority: null,
      last_heard_ms: null,
      checksum: null,
      other_addresses: false,
    }];
  });
}

function ownRow(instance: InstanceStatus, document: StatusDocument): readonly string[] {
  const { state, source } = instance;
  const mark = state === "master" ? "  *" : "   ";
  const name = withAddress(document.node, source);
  return [mark, name, state, priorityText(instance), "this node"];
}

function peerRow(
  peer: PeerStatus,
  instance: InstanceStatus,
  document: StatusDocument,
): readonly string[] {
  const { address, last_heard_ms: heard, priority } = peer;
  const isMaster = instance.state !== "master" && instance.master?.address === address;
  const mark = isMaster ? "  *" : "   ";
  const name = withAddress(peer.node, address);
  const notes = [
    ...(peer.configured ? [] : ["not configured"]),
    ...(peer.other_addresses ? ["! other addresses"] : []),
  ];
  const seen = [heard === null ? "never" : `${duration(heard)} ago`, ...notes].join(", ");
  const known = priority === null || priority <= LEAST ? "unknown" : String(priority);
  return [mark, name, peerState(peer, instance, isMaster, document), known, seen];
}

function peerState(
  peer: PeerStatus,
  instance: InstanceStatus,
  isMaster: boolean,
  { nodes }: StatusDocument,
): string {
  const { address, last_heard_ms: heard, priority } = peer;
  if (isMaster) return "master";
  const isRecent = heard !== null && heard <= instance.master_down_ms;
  if (isRecent && priority !== null && priority > LEAST) return "claims to be master";
  if (isRival(peer.node, instance)) return HOLDS_TOO;
  const node = nodes.find(({ addresses }) => addresses.includes(address));
  if (node !== undefined) return node.words;
  if (priority === 0) return "left";
  if (priority === LEAST) return "handed over";
  return heard === null ? "never heard" : "not heard (backups are silent)";
}

function withAddress(name: string, address: string | null): string {
  return address === null || address === name ? name : `${name} (${address})`;
}

/** "150", or with its arithmetic "150 = 200 - 50 by checks". */
function priorityText(instance: InstanceStatus): string {
  const { priority, base_priority: base } = instance;
  if (priority === base) return priority === 255 ? "255 (owner)" : String(priority);
  const difference = priority - base;
  return `${priority} = ${base} ${difference < 0 ? "-" : "+"} ${Math.abs(difference)} by checks`;
}

/**
 * "VRID 51, VRRPv3 by unicast, advert every 1 s, master-down after 3.22 s, last advert 0.4 s ago".
 */
function protocolText(instance: InstanceStatus): string {
  const { vrid, version, transport, port, group, last_advert_age_ms: last } = instance;
  const learnt = instance.master_interval_ms !== instance.advert_interval_ms
    ? ` (the master's: ${duration(instance.master_interval_ms)})`
    : "";
  return [
    `VRID ${vrid}`,
    `VRRPv${version} by ${transport}${port === null ? "" : ` port ${port}`}`,
    `advert every ${duration(instance.advert_interval_ms)}${learnt}`,
    `master-down after ${duration(instance.master_down_ms)}`,
    ...(last === null ? [] : [`last advert ${duration(last)} ago`]),
    ...(group === null ? [] : [`group ${group}`]),
  ].join(", ");
}

function rejectLines(rejects: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(rejects).map(([reason, count]) =>
    `  ${count} ${packets(count)} ignored: ${rejectMeaning(reason)} [${reason}]`
  );
}

function unmatchedLines(rejects: Readonly<Record<string, number>>): readonly string[] {
  const lines = rejectLines(rejects);
  return lines.length === 0 ? [] : ["", "packets for no instance", ...lines];
}

function packets(count: number): string {
  return count === 1 ? "packet" : "packets";
}

function rejectMeaning(reason: string): string {
  return Object.hasOwn(REJECT_REASONS, reason) ? REJECT_REASONS[reason as RejectReason] : "unknown";
}

function attentionLines(document: StatusDocument, paint: Paint): readonly string[] {
  const faults = document.instances
    .filter(({ state }) => state === "fault")
    .map((instance) =>
      `${instanceLabel(instance.name, instance.family)}: ${instance.faults.join("; ")}`
    );
  const rest = document.ready === null
    ? document.attention
    : document.attention.filter((sentence) => !isDrift(sentence));
  const all = new Set([...faults, ...rest]);
  if (all.size === 0) return [];
  return ["", paint("warn", "attention"), ...[...all].map((sentence) => `- ${sentence}`)];
}
