/** Messages about leases as text: they come back as they were, and nothing else gets in. */
import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  decodeVote,
  encodeVote,
  markOf,
  MAX_VOTE_MESSAGE,
  type VoteMessage,
} from "../../../../src/cluster/votes/message.ts";
import { MAX_MESSAGE } from "../../../../src/cluster/datagram.ts";
import { nanoseconds } from "../../../../src/time.ts";
import { AssertionFailure } from "../../../../src/assert.ts";

const answered = { lease: "db", token: "0123456789abcdef", sent: 12_345_678_901 };
const request = { token: "fedcba9876543210", sent: 1, term: nanoseconds(2.5e9), epoch: 17 };
const stamp = { epoch: 3, step: 2 };
const voters = markOf({ stamp, lists: [["a", "b"]] }, true);
const listed = markOf({ stamp, lists: [["a", "b", "nas#0a1b2c"]] }, false);
const joint = markOf({ stamp, lists: [["a", "b", "w"], ["a", "b", "x"]] }, false);
/** A list that is part of the other one. */
const less = markOf({ stamp, lists: [["a", "b"], ["a", "b", "x"]] }, false);
const saved = { ...stamp, promised: 9 };

const MESSAGES: readonly VoteMessage[] = [
  { kind: "vote-ask", lease: "db", voters, change: false, holding: true, ...request },
  { kind: "vote-ask", lease: "db", voters: joint, change: true, holding: true, ...request },
  { kind: "vote-grant", ...answered, saved: null },
  { kind: "vote-grant", ...answered, saved },
  {
    kind: "vote-refusal",
    ...answered,
    reason: "promised",
    holder: "pi-a",
    holding: true,
    rest: nanoseconds(2.1e9),
    epoch: 16,
    voters: null,
  },
  {
    kind: "vote-refusal",
    ...answered,
    reason: "silent",
    holder: null,
    holding: false,
    rest: nanoseconds(0),
    epoch: 0,
    voters: listed,
  },
  { kind: "vote-release", ...answered },
  { kind: "vote-offer", lease: "a group", epoch: 3, voters: less },
  { kind: "vote-wish", lease: "db", voters, ...request },
  { kind: "vote-transfer", ...answered, voters, to: "pi-b", next: request },
];

function textOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

Deno.test("vote messages: each comes back as it was, in one datagram", () => {
  for (const message of MESSAGES) deepStrictEqual(decodeVote(encodeVote(message)), message);
  strictEqual(MAX_VOTE_MESSAGE <= MAX_MESSAGE, true);
});

Deno.test("vote messages: a field that is not known is skipped", () => {
  for (const message of MESSAGES) {
    const written = JSON.parse(new TextDecoder().decode(encodeVote(message)));
    deepStrictEqual(decodeVote(textOf({ ...written, later: [1] })), message);
  }
});

Deno.test("vote messages: without a field, or with another value of it, none is read", () => {
  const wrong = [undefined, null, -1, 1.5, 2 ** 61, "x".repeat(81), "a\nb", "", [], {}, true];
  for (const message of MESSAGES) {
    for (const field of Object.keys(message)) {
      const value = (message as unknown as Record<string, unknown>)[field];
      for (const other of wrong) {
        const isFit = typeof other === typeof value && other !== null && typeof other === "boolean";
        const mayBeNull = field === "holder" || field === "saved" ||
          (field === "voters" && message.kind === "vote-refusal");
        if (isFit || (mayBeNull && other === null)) continue;
        strictEqual(decodeVote(textOf({ ...message, [field]: other })), undefined, field);
      }
    }
  }
});

Deno.test("vote messages: instants of a machine that runs for a year are read", () => {
  const message: VoteMessage = { kind: "vote-release", ...answered, sent: 365 * 86_400e9 + 4 };
  deepStrictEqual(decodeVote(encodeVote(message)), message);
});

Deno.test("vote messages: other texts, and what is too long, are none", () => {
  const others = ["", "null", "1", "[]", "{}", '{"kind":"report"}', '{"kind":"vote-ask"}', "\xff"];
  for (const text of others) strictEqual(decodeVote(new TextEncoder().encode(text)), undefined);
  strictEqual(decodeVote(new Uint8Array(MAX_VOTE_MESSAGE + 1)), undefined);
  strictEqual(decodeVote(Uint8Array.of(0xff, 0xfe)), undefined);
  const long: VoteMessage = { kind: "vote-offer", lease: "x".repeat(1200), epoch: 1, voters };
  throws(() => encodeVote(long), AssertionFailure);
});

Deno.test("vote messages: any bytes are read or refused, and what is read can be written", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 1200 }),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc.tuple(fc.constantFrom(...MESSAGES), fc.nat(), fc.nat(255)).map(([message, at, byte]) => {
      const text = encodeVote(message);
      text[at % text.length] = byte;
      return text;
    }),
  );
  fc.assert(
    fc.property(bytes, (text) => {
      const message = decodeVote(text);
      if (message !== undefined) deepStrictEqual(decodeVote(encodeVote(message)), message);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("vote messages: lists that do not fit their mark are not read", () => {
  const wrong: readonly Record<string, unknown>[] = [
    { of: "bbo" },
    { of: "bb" },
    { of: "bbbb" },
    { of: "bbx" },
    { ids: ["a", "b", "c"] },
    { ids: ["a", "a", "nas#0a1b2c"] },
    { ids: Array.from({ length: 65 }, (_, at) => `${at}`), of: "b".repeat(65) },
    { print: "00000000deadbeef" },
    { epoch: -1 },
    { step: "1" },
  ];
  const message = JSON.parse(new TextDecoder().decode(
    encodeVote({ kind: "vote-offer", lease: "db", epoch: 3, voters: listed }),
  ));
  for (const change of wrong) {
    const other = { ...message, voters: { ...message.voters, ...change } };
    strictEqual(decodeVote(textOf(other)), undefined, JSON.stringify(change));
  }
});
