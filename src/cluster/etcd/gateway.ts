/**
 * etcd's JSON gateway (api v3, etcd 3.4 and later; rpc.proto of etcdserverpb as grpc-gateway shows
 * it): bytes are base64, 64-bit numbers are texts, fields that are 0 or false are left out. Pure:
 * requests as path and body, answers as the text that came.
 */
import {
  type Answer,
  type Deed,
  type Kept,
  type Record,
  type Table,
  tableIn,
  tableOf,
  writeOwner,
} from "./record.ts";

/** A request to POST, and its body. */
export interface Call {
  readonly path: string;
  readonly body: string;
  /** It changes nothing, and the answer is the range. */
  readonly isLook: boolean;
}

/** What etcd answered. */
export type Reply =
  | { readonly kind: "answer"; readonly answer: Answer; readonly cluster: string }
  /** In etcd's words, or ours where it is no answer of etcd's. */
  | { readonly kind: "refused"; readonly words: string; readonly isUnknownUser: boolean };

/** What became of a call. */
export type CallResult = Reply | { readonly kind: "lost"; readonly words: string };

/** Bytes of an answer that is read, at most: of two small values. */
export const LONGEST_REPLY = 16 * 1024;
/** Characters of etcd's words that are shown, at most. */
const LONGEST_WORDS = 200;
/** gRPC: the request has no valid authentication credentials. */
const UNAUTHENTICATED = 16;

/** Whose request it is. */
export interface Asker {
  /** What all keys begin with. */
  readonly prefix: string;
  readonly node: string;
  readonly token: string;
}

/** The request for `deed` about the lease of this name. */
export function callOf({ prefix, node, token }: Asker, lease: string, deed: Deed): Call {
  const folder = `${prefix}${lease}`;
  const keys = { owner: `${folder}/owner`, renewed: `${folder}/renewed` };
  // "0" follows "/": both keys, and no others.
  const range = { key: encode(`${folder}/`), range_end: encode(`${folder}0`) };
  if (deed.kind === "look") {
    const body = JSON.stringify({ ...range, serializable: true });
    return { path: "/v3/kv/range", isLook: true, body };
  }
  const puts = {
    mark: { owner: writeOwner({ node: undefined, token: undefined, isFree: false }), renewed: "" },
    take: { owner: writeOwner({ node, token, isFree: false }), renewed: "" },
    renew: { owner: undefined, renewed: "" },
    release: { owner: writeOwner({ node, token: undefined, isFree: true }), renewed: "" },
    give: {
      owner: deed.kind === "give" ? writeOwner({ ...deed.to, isFree: false }) : "",
      renewed: "",
    },
  }[deed.kind];
  const isKept = (revision: number): boolean => deed.kind === "mark" && revision !== 0;
  const put = (key: string, value: string) => ({
    request_put: { key: encode(key), value: encode(value) },
  });
  const success = [
    ...(puts.owner === undefined || isKept(deed.owner) ? [] : [put(keys.owner, puts.owner)]),
    ...("renewed" in deed && isKept(deed.renewed) ? [] : [put(keys.renewed, puts.renewed)]),
  ];
  const compare = [
    equal(keys.owner, deed.owner),
    ...("renewed" in deed ? [equal(keys.renewed, deed.renewed)] : []),
  ];
  const failure = [{ request_range: range }];
  return {
    path: "/v3/kv/txn",
    isLook: false,
    body: JSON.stringify({ compare, success, failure }),
  };
}

/** A request that a member answers only with the help of most others. */
export function probeOf(prefix: string): Call {
  return {
    path: "/v3/kv/range",
    isLook: true,
    body: JSON.stringify({ key: encode(prefix), keys_only: true }),
  };
}

/** Asks a member how it is. */
export const STATUS = { path: "/v3/maintenance/status", body: "{}" } as const;

/** How a member is: bytes of its database, and what it complains of. */
export function readStatus(text: string): {
  readonly size: number | undefined;
  readonly alarms: readonly string[];
} {
  const { dbSize, errors } = tableIn(text);
  const said = Array.isArray(errors) ? errors.filter((one) => typeof one === "string") : [];
  const size = typeof dbSize === "string" && /^\d{1,15}$/.test(dbSize) ? Number(dbSize) : undefined;
  return { size, alarms: said.map((one) => spoken(one)) };
}

/** What etcd's answer to `call` says. Never throws. */
export function readReply({ isLook }: Call, status: number, text: string): Reply {
  const table = tableIn(text);
  if (status !== 200) return refusal(status, table, text);
  try {
    const header = tableOf(table["header"]);
    const [revision, cluster] = [wholeOf(header["revision"]), header["cluster_id"]];
    if (typeof cluster !== "string") throw new Unreadable();
    if (!isLook && table["succeeded"] === true) {
      return { kind: "answer", cluster, answer: { kind: "done", revision } };
    }
    const record = { revision, ...keptIn(isLook ? table : rangeOf(table)) };
    return { kind: "answer", cluster, answer: { kind: "record", record } };
  } catch (problem) {
    if (!(problem instanceof Unreadable)) throw problem;
    const words = "its answer is not one of etcd's JSON gateway";
    return { kind: "refused", words, isUnknownUser: false };
  }
}

/** The request for a token of user `name`. */
export function loginOf(name: string, password: string): Pick<Call, "path" | "body"> {
  return { path: "/v3/auth/authenticate", body: JSON.stringify({ name, password }) };
}

/** The token; else why there is none, in words. */
export function readLogin(
  status: number,
  text: string,
): { readonly token: string } | { readonly words: string } {
  const table = tableIn(text);
  const token = table["token"];
  // It goes into a header.
  if (status === 200 && typeof token === "string" && /^[!-~]{1,1000}$/.test(token)) {
    return { token };
  }
  return { words: refusal(status, table, text).words };
}

/** A field that is not what it should be; never leaves this file. */
class Unreadable extends Error {}

/** `table`: the one in `text`. */
function refusal(
  status: number,
  { error, message, code }: Table,
  text: string,
): Extract<Reply, { kind: "refused" }> {
  // The gateway itself speaks plain text; what stands before it, HTML.
  const plain = /^\s*[<{]/.test(text) ? undefined : text;
  const said = error ?? message ?? plain;
  const words = typeof said === "string" && /[^\p{C}\s]/u.test(said)
    ? spoken(said)
    : `HTTP status ${status}`;
  return { kind: "refused", words, isUnknownUser: code === UNAUTHENTICATED || status === 401 };
}

/** Without what moves a cursor. */
function spoken(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").trim().slice(0, LONGEST_WORDS);
}

/** What a transaction that was not done has looked at instead. */
function rangeOf({ responses }: Table): Table {
  if (!Array.isArray(responses)) throw new Unreadable();
  return tableOf(tableOf(responses[0])["response_range"]);
}

function keptIn({ kvs = [] }: Table): Omit<Record, "revision"> {
  if (!Array.isArray(kvs)) throw new Unreadable();
  const kept = kvs.map((one): readonly [string, Kept] => {
    const { key, value = "", mod_revision } = tableOf(one);
    return [decode(key), { revision: wholeOf(mod_revision), value: decode(value) }];
  });
  const ending = (end: string): Kept | undefined => kept.find(([key]) => key.endsWith(end))?.[1];
  return { owner: ending("/owner"), renewed: ending("/renewed") };
}

function equal(key: string, revision: number): Table {
  return {
    key: encode(key),
    target: "MOD",
    result: "EQUAL",
    mod_revision: String(revision),
  };
}

/** A positive number in digits. A store has no revision 0, and none that is not exact. */
function wholeOf(value: unknown): number {
  const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : 0;
  if (number > 0 && Number.isSafeInteger(number)) return number;
  throw new Unreadable();
}

function encode(text: string): string {
  return new TextEncoder().encode(text).toBase64();
}

function decode(value: unknown): string {
  if (typeof value !== "string") throw new Unreadable();
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(value));
  } catch {
    throw new Unreadable();
  }
}
