/**
 * Messages between nodes as text: JSON in UTF-8, each at most {@link MAX_MESSAGE} bytes. What comes
 * in is bounded and made fit for a terminal; fields that are not known are skipped, so that an
 * older and a newer version read each other.
 */
import { MAX_MESSAGE } from "./datagram.ts";
import { type Fields, fieldsOf, fitting, sizeOf } from "./fields.ts";
import type {
  CheckReport,
  MaintenanceReport,
  Message,
  NodeReport,
  Page,
  ReportPart,
  RouterReport,
  Wanted,
} from "./report.ts";

/** Parts of one report, and pages of one answer, at most; what is beyond them is not told. */
export const MAX_PARTS = 255;
/** Characters of a name: of a node, an instance, a check, a part of the file or a key. */
const MAX_NAME = 200;
/** Characters of a sentence. */
const MAX_TEXT = 160;
const MAX_KEYS = 8, MAX_LIST = 32;
/** Virtual routers that one question is about. */
const MAX_ASKED = 32;

/** The head of a part of a report. */
export type PartHead = Pick<ReportPart, "number" | "index" | "node">;

/** The same, without what need not be said. */
type EncodedHead = Omit<PartHead, "node"> & {
  readonly node: Omit<PartHead["node"], "seals"> & {
    readonly seals: readonly string[] | undefined;
  };
};

/** A part of a report as text. */
export interface EncodedPart {
  readonly text: Uint8Array;
  /** So many of the routers are in it, or would fit nowhere. */
  readonly taken: number;
}

/**
 * A part with as many of `routers`, from the first, as there is room for. `isEnd`: no more come
 * after them. What is too long is cut, and what is too much is counted.
 */
export function encodePart(
  { number, index, node }: PartHead,
  routers: readonly RouterReport[],
  isEnd: boolean,
): EncodedPart {
  const maintenance = cutMaintenance(node.maintenance);
  const head = {
    number,
    index,
    node: {
      ...node,
      keys: node.keys.slice(0, MAX_KEYS),
      maintenance,
      // Mostly there are none, and it need not be said.
      seals: node.seals.length === 0 ? undefined : node.seals.slice(0, MAX_LIST),
    },
  };
  let room = MAX_MESSAGE - sizeOf(partText(head, false, []));
  const most = room;
  const inside: string[] = [];
  let taken = 0;
  for (const router of routers) {
    const text = routerText(router, most);
    const size = sizeOf(text) + 1;
    // One whose name alone is longer than a datagram is left out.
    if (size <= most) {
      if (size > room) break;
      inside.push(text);
      room -= size;
    }
    taken++;
  }
  const last = isEnd && taken === routers.length;
  return { text: bytesOf(partText(head, last, inside)), taken };
}

/** A question as text. */
export function encodeAsk(what: Wanted): Uint8Array {
  return bytesOf(JSON.stringify({ kind: "ask", what }));
}

/** Questions for the virtual routers called `of`, as many as are needed. */
export function encodeAskRouters(of: readonly string[]): readonly Uint8Array[] {
  const around = sizeOf(`{"kind":"ask","what":{"kind":"routers","of":[]}}`);
  const names = of.filter((name) => sizeOf(JSON.stringify(name)) < MAX_MESSAGE - around);
  const texts = names.map((name) => JSON.stringify(name));
  return pages(texts, MAX_MESSAGE - around, MAX_ASKED).map((inside) =>
    bytesOf(`{"kind":"ask","what":{"kind":"routers","of":[${inside.join()}]}}`)
  );
}

/** Fingerprints as texts. */
export function encodePages(
  { file, of, hashes }: Omit<Page, "index" | "count">,
): readonly Uint8Array[] {
  const textOf = (index: number, count: number, inside: readonly string[]): string =>
    `{"kind":"keys","file":${JSON.stringify(file)},"of":${JSON.stringify(of)},` +
    `"index":${index},"count":${count},"hashes":[${inside.join()}]}`;
  const room = MAX_MESSAGE - sizeOf(textOf(MAX_PARTS, MAX_PARTS, []));
  const texts = hashes.map((entry) => JSON.stringify(entry)).filter((text) => sizeOf(text) < room);
  const all = pages(texts, room).slice(0, MAX_PARTS);
  return all.map((inside, index) => bytesOf(textOf(index, all.length, inside)));
}

/** What a text says; undefined where it cannot be read. Never throws. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  return decodeAfter(undefined, bytes).message;
}

/** A text that was read, and what it says. */
export interface Decoded {
  readonly text: string | undefined;
  readonly message: Message | undefined;
}

/**
 * {@link decodeMessage}, where `before` came from the same node: by two roads the same comes twice,
 * and is read once.
 */
export function decodeAfter(before: Decoded | undefined, bytes: Uint8Array): Decoded {
  if (bytes.length > MAX_MESSAGE) return { text: undefined, message: undefined };
  const text = textOf(bytes);
  if (before !== undefined && text !== undefined && before.text === text) return before;
  return { text, message: text === undefined ? undefined : messageIn(text) };
}

function messageIn(text: string): Message | undefined {
  const fields = fieldsOf(parse(text));
  switch (fields?.word("kind", ["report", "ask", "keys"])) {
    case "report":
      return decodeReport(fields);
    case "ask":
      return decodeAsk(fields.table("what"));
    case "keys":
      return decodePage(fields);
    default:
      return undefined;
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function partText({ number, index, node }: EncodedHead, last: boolean, inside: readonly string[]) {
  return `{"kind":"report","number":${number},"index":${index},"last":${last},` +
    `"node":${JSON.stringify(node)},"routers":[${inside.join()}]}`;
}

function cutMaintenance(maintenance: MaintenanceReport | null): MaintenanceReport | null {
  if (maintenance === null || maintenance.reason === null) return maintenance;
  return { ...maintenance, reason: fitting(maintenance.reason, MAX_TEXT) };
}

/** How much of a virtual router is told, the most first. */
const CUTS = [
  { text: 160, list: 32 },
  { text: 60, list: 8 },
  { text: 30, list: 4 },
  { text: 0, list: 0 },
] as const;

/** `router` in at most `room` bytes; what is down comes first. */
function routerText(router: RouterReport, room: number): string {
  const checks = router.checks.toSorted((a, b) => Number(a.up !== false) - Number(b.up !== false));
  let text = "";
  for (const { text: most, list } of CUTS) {
    text = JSON.stringify({
      ...router,
      cause: fitting(router.cause, most),
      faults: router.faults.slice(0, list).map((fault) => fitting(fault, most)),
      checks: checks.slice(0, list).map((one) => ({ ...one, last: fitting(one.last, most) })),
      // Mostly there is none, and it need not be said.
      handsTo: router.handsTo ?? undefined,
      follows: router.follows ?? undefined,
      more: Math.max(0, checks.length - list) + Math.max(0, router.faults.length - list),
    });
    if (sizeOf(text) < room) return text;
  }
  return text;
}

/**
 * `texts` and the commas between them on pages of at most `room` bytes, and `most` texts; one page
 * at least.
 */
function pages(
  texts: readonly string[],
  room: number,
  most = Infinity,
): readonly (readonly string[])[] {
  const all: string[][] = [[]];
  let used = 0;
  for (const text of texts) {
    const size = sizeOf(text) + 1;
    if (used > 0 && (used + size > room || (all.at(-1)?.length ?? 0) >= most)) {
      all.push([]);
      used = 0;
    }
    all.at(-1)?.push(text);
    used += size;
  }
  return all;
}

function decodeReport(fields: Fields): Message | undefined {
  const number = fields.whole("number");
  const index = fields.whole("index");
  const node = decodeNode(fields.table("node"));
  if (number === undefined || index === undefined || node === undefined) return undefined;
  if (index >= MAX_PARTS) return undefined;
  const last = fields.flag("last") ?? false;
  const routers = fields.list("routers", MAX_LIST).flatMap((one) => decodeRouter(fieldsOf(one)));
  return { kind: "report", part: { number, index, last, node, routers } };
}

function decodePlace(fields: Fields): { index: number; count: number } | undefined {
  const index = fields.whole("index");
  const count = fields.whole("count");
  if (index === undefined || count === undefined) return undefined;
  return count <= MAX_PARTS && index < count ? { index, count } : undefined;
}

function decodeNode(fields: Fields | undefined): NodeReport | undefined {
  const version = fields?.text("version", MAX_NAME);
  const up = fields?.ms("up");
  if (fields === undefined || version === undefined || up === undefined) return undefined;
  return {
    version,
    up,
    keys: fields.list("keys", MAX_KEYS).filter((id) => typeof id === "number" && id >>> 0 === id)
      .map(Number),
    file: fields.text("file", MAX_NAME) ?? null,
    fileAge: fields.ms("fileAge") ?? 0,
    maintenance: decodeMaintenance(fields.table("maintenance")),
    leaving: fields.flag("leaving") ?? false,
    seals: fields.list("seals", MAX_LIST).filter((one) => typeof one === "string"),
  };
}

function decodeMaintenance(fields: Fields | undefined): MaintenanceReport | null {
  if (fields === undefined) return null;
  return {
    age: fields.ms("age") ?? 0,
    left: fields.ms("left") ?? null,
    reason: fields.text("reason", MAX_TEXT) ?? null,
  };
}

/** One router, or none: a state that this version does not know is not guessed. */
function decodeRouter(fields: Fields | undefined): readonly RouterReport[] {
  const name = fields?.text("name", MAX_NAME);
  const family = fields?.word("family", ["ipv4", "ipv6"]);
  const state = fields?.word("state", ["init", "backup", "master", "fault"]);
  if (fields === undefined || name === undefined || family === undefined || state === undefined) {
    return [];
  }
  return [{
    name,
    family,
    vrid: Math.min(255, fields.whole("vrid") ?? 0),
    state,
    priority: Math.min(255, fields.whole("priority") ?? 0),
    basePriority: Math.min(255, fields.whole("basePriority") ?? 0),
    age: fields.ms("age") ?? 0,
    interval: fields.ms("interval") ?? 0,
    cause: fields.text("cause", MAX_TEXT) ?? "",
    faults: fields.list("faults", MAX_LIST).filter((one) => typeof one === "string")
      .map((one) => fitting(one, MAX_TEXT)),
    checks: fields.list("checks", MAX_LIST).flatMap((one) => decodeCheck(fieldsOf(one))),
    more: fields.whole("more") ?? 0,
    master: fields.text("master", MAX_NAME) ?? null,
    unheard: fields.flag("unheard") ?? false,
    source: fields.text("source", MAX_NAME) ?? null,
    yields: fields.flag("yields") ?? false,
    handsTo: fields.text("handsTo", MAX_NAME) ?? null,
    follows: fields.text("follows", MAX_NAME) ?? null,
    holds: fields.flag("holds") ?? false,
    link: fields.flag("link") ?? null,
    gateway: fields.flag("gateway") ?? null,
  }];
}

function decodeCheck(fields: Fields | undefined): readonly CheckReport[] {
  const name = fields?.text("name", MAX_NAME);
  if (fields === undefined || name === undefined) return [];
  return [{
    name,
    up: fields.flag("up") ?? null,
    last: fields.text("last", MAX_TEXT) ?? "",
    age: fields.ms("age") ?? null,
  }];
}

function decodeAsk(fields: Fields | undefined): Message | undefined {
  switch (fields?.word("kind", ["report", "routers", "parts", "keys"])) {
    case "report":
      return { kind: "ask", what: { kind: "report" } };
    case "routers": {
      const of = fields.list("of", MAX_ASKED).filter((one) => typeof one === "string")
        .map((one) => fitting(one, MAX_NAME));
      return { kind: "ask", what: { kind: "routers", of } };
    }
    case "parts":
      return { kind: "ask", what: { kind: "parts" } };
    case "keys": {
      const of = fields.text("of", MAX_NAME);
      return of === undefined ? undefined : { kind: "ask", what: { kind: "keys", of } };
    }
    default:
      return undefined;
  }
}

function decodePage(fields: Fields): Message | undefined {
  const file = fields.text("file", MAX_NAME);
  const place = decodePlace(fields);
  if (file === undefined || place === undefined) return undefined;
  const hashes = fields.list("hashes", MAX_NAME).flatMap(decodeHash);
  const of = fields.text("of", MAX_NAME) ?? null;
  return { kind: "keys", page: { file, of, ...place, hashes } };
}

function decodeHash(entry: unknown): Page["hashes"] {
  if (!Array.isArray(entry)) return [];
  const [name, hash] = entry;
  if (typeof name !== "string" || typeof hash !== "string") return [];
  return [[fitting(name, MAX_NAME), fitting(hash, MAX_NAME)]];
}
