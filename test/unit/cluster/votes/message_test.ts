/** Messages about leases as text: they come back as they were, and nothing else gets in. */
import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  decodeVote,
  encodeVote,
  MAX_VOTE_MESSAGE,
  type VoteMessage,
} from "../../../../src/cluster/votes/message.ts";
import { MAX_MESSAGE } from "../../../../src/cluster/datagram.ts";
import { nanoseconds } from "../../../../src/time.ts";
import { AssertionFailure } from "../../../../src/assert.ts";

const answered = { lease: "db", token: "0123456789abcdef", sent: 12_345_678_901 };
const request = { token: "fedcba9876543210", sent: 1, term: nanoseconds(2.5e9), epoch: 17 };
const voters = "00000000deadbeef";

const MESSAGES: readonly VoteMessage[] = [
  { kind: "vote-ask", lease: "db", voters, holding: true, ...request },
  { kind: "vote-grant", ...answered },
  {
    kind: "vote-refusal",
    ...answered,
    reason: "promised",
    holder: "pi-a",
    holding: true,
    rest: nanoseconds(2.1e9),
    epoch: 16,
  },
  {
    kind: "vote-refusal",
    ...answered,
    reason: "silent",
    holder: null,
    holding: false,
    rest: nanoseconds(0),
    epoch: 0,
  },
  { kind: "vote-release", ...answered },
  { kind: "vote-offer", lease: "a group", epoch: 3 },
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
    deepStrictEqual(decodeVote(textOf({ ...message, later: [1] })), message);
  }
});

Deno.test("vote messages: without a field, or with another value of it, none is read", () => {
  const wrong = [undefined, null, -1, 1.5, 2 ** 61, "x".repeat(81), "a\nb", "", [], {}, true];
  for (const message of MESSAGES) {
    for (const field of Object.keys(message)) {
      const value = (message as unknown as Record<string, unknown>)[field];
      for (const other of wrong) {
        const isFit = typeof other === typeof value && other !== null && typeof other === "boolean";
        if (isFit || (field === "holder" && other === null)) continue;
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
  const long: VoteMessage = { kind: "vote-offer", lease: "x".repeat(900), epoch: 1 };
  throws(() => encodeVote(long), AssertionFailure);
});

Deno.test("vote messages: any bytes are read or refused, and what is read can be written", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 900 }),
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
