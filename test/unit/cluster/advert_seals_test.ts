/** Sealed adverts: who may speak for a node, through restarts, recordings and older versions. */
import assert from "node:assert/strict";
import {
  AdvertSeals,
  type Opened,
  type SessionNote,
  type Unsealed,
} from "../../../src/cluster/advert_seals.ts";
import type { Ip } from "../../../src/net/ip.ts";
import { ip } from "../../../src/net/ip.ts";
import { Random } from "../../sim/random.ts";
import { type Instant, seconds } from "../../../src/time.ts";

const SECRET = { id: 7, bytes: new Uint8Array(32).fill(9) };
const OTHER = { id: 8, bytes: new Uint8Array(32).fill(3) };
const ADDRESSES = { a: ip("10.0.0.1"), b: ip("10.0.0.2") } as const;
const ROAD = { port: 336, family: "ipv4" } as const;
const ADVERT = Uint8Array.of(0x31, 51, 200, 1, 0, 100, 1, 2, 10, 0, 0, 9);
const random = new Random(1);

type Name = keyof typeof ADDRESSES;

function sid(): Uint8Array {
  return Uint8Array.from({ length: 16 }, () => random.between(0, 255));
}

function at(second: number): Instant {
  return seconds(second) as number as Instant;
}

/** A process of a node; the other one is its only peer. */
class Node {
  readonly seals = new AdvertSeals(at(0));
  readonly sid = sid();

  constructor(readonly name: Name, note: readonly SessionNote[] = [], secrets = [SECRET]) {
    this.secrets = secrets;
    this.seals.restore(note, at(0));
  }

  set secrets(secrets: readonly (typeof SECRET)[]) {
    const name = this.other;
    this.seals.settle(this.name, secrets, [{ name, addresses: [ADDRESSES[name]] }]);
  }

  get other(): Name {
    return this.name === "a" ? "b" : "a";
  }

  says(message = ADVERT, road: typeof ROAD | { port: 400; family: "ipv4" } = ROAD): Uint8Array {
    return this.seals.seal(ADDRESSES[this.other], road, message);
  }

  hears(datagram: Uint8Array, second = 1, from: Ip = ADDRESSES[this.other]): string {
    const heard: Opened | Unsealed = this.seals.open(from, ROAD, datagram, at(second));
    if (typeof heard === "string") return heard;
    if (heard.message.join() !== ADVERT.join()) return "other";
    return heard.isUnproved ? "unproved" : "taken";
  }

  tells(to: Node, second = 1): void {
    to.seals.tell(this.name, this.seals.sealing, at(second));
  }
}

/** Both have met; `isProved`: and know it of each other. */
function meet(one: Node, two: Node, isProved = true, opens = true): void {
  for (const [from, to] of [[one, two], [two, one]] as const) {
    from.seals.meet(to.name, { own: from.sid, other: to.sid, opens, isProved });
  }
}

function pair(): readonly [Node, Node] {
  const [a, b] = [new Node("a"), new Node("b")];
  meet(a, b);
  a.tells(b);
  b.tells(a);
  return [a, b];
}

Deno.test("seals: between nodes with a session each advert is taken once, and no plain one", () => {
  const [a, b] = pair();
  const [first, second] = [a.says(), a.says()];
  assert.notDeepEqual(first, ADVERT);
  assert.equal(b.hears(second), "taken");
  assert.equal(b.hears(second), "replayed");
  assert.equal(b.hears(first), "replayed", "it was overtaken: it is no news");
  assert.equal(b.hears(ADVERT), "not-sealed");
  assert.equal(a.hears(second), "not-sealed", "sent back to its sender");
});

Deno.test("seals: each bit counts, and so does the port", () => {
  const [a, b] = pair();
  const sealed = a.says();
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const changed = sealed.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ 1 << (bit & 7);
    assert.equal(b.hears(changed), "not-sealed", `bit ${bit}`);
  }
  assert.equal(b.hears(a.says(ADVERT, { port: 400, family: "ipv4" })), "not-sealed");
  assert.equal(b.hears(sealed), "taken");
});

Deno.test("seals: until there is a session adverts are what they are without", () => {
  const [a, b] = [new Node("a"), new Node("b")];
  assert.deepEqual(a.says(), ADVERT);
  assert.equal(b.hears(ADVERT), "taken");
  meet(a, b, false);
  assert.deepEqual(a.says(), ADVERT, "b may not know the session yet");
  meet(a, b);
  assert.equal(b.hears(a.says()), "taken");
  assert.equal(b.hears(ADVERT), "taken", "a has not said that it seals");
  a.tells(b);
  assert.equal(b.hears(ADVERT), "not-sealed");
});

Deno.test("seals: a node of an older version is spoken to, and heard, plainly", () => {
  const [a, b] = [new Node("a"), new Node("b")];
  meet(a, b, true, false);
  b.seals.tell("a", [], at(1));
  assert.deepEqual(a.says(), ADVERT);
  assert.equal(b.hears(ADVERT), "taken");
});

Deno.test("seals: a process that goes on for another one is believed at once", () => {
  const [a, b] = pair();
  const recorded = Array.from({ length: 20 }, () => a.says());
  const note = a.seals.note(false, at(1));
  for (const one of recorded.slice(0, 10)) assert.equal(b.hears(one), "taken");
  // The note is older than what was said last.
  const again = new Node("a", note);
  assert.equal(b.hears(again.says()), "taken");
  for (const one of recorded) assert.equal(b.hears(one), "replayed");
  meet(again, b);
  const fresh = again.says();
  assert.equal(b.hears(again.says()), "taken");
  assert.equal(b.hears(fresh), "replayed");
  const third = new Node("a", note);
  assert.equal(b.hears(third.says()), "replayed", "the sessions of before are over");
});

Deno.test("seals: a process that goes on while another session begins seals by the old one", () => {
  const [a, b] = pair();
  a.tells(b);
  // The next process of b has answered, and not proved itself yet.
  a.seals.meet("b", { own: a.sid, other: sid(), opens: true, isProved: false });
  assert.equal(b.hears(a.says()), "taken");
  const next = new Node("a", a.seals.note(true, at(1)));
  assert.equal(b.hears(next.says()), "taken");
});

Deno.test("seals: a backup that goes on knows what it has heard, and refuses plain ones", () => {
  const [a, b] = pair();
  const recorded = [a.says(), a.says()];
  for (const one of recorded) assert.equal(b.hears(one), "taken");
  const again = new Node("b", b.seals.note(true, at(1)));
  for (const one of recorded) assert.equal(again.hears(one), "replayed");
  assert.equal(again.hears(ADVERT), "not-sealed");
  assert.equal(again.hears(a.says()), "taken");
  a.tells(again);
  assert.equal(again.hears(ADVERT), "not-sealed", "a seals by a session that it knows");
});

Deno.test("seals: a backup that crashed knows nothing, and hears its master all the same", () => {
  const [a, b] = pair();
  const again = new Node("b", b.seals.note(false, at(1)));
  assert.equal(again.hears(a.says()), "taken");
  a.tells(again);
  assert.equal(again.hears(ADVERT), "taken", "a seals by a session that it does not know");
  meet(a, again);
  a.tells(again);
  assert.equal(again.hears(a.says()), "taken");
  assert.equal(again.hears(ADVERT), "not-sealed");
});

Deno.test("seals: a node that seals no more, or is silent for long, may be plain", () => {
  const [a, b] = pair();
  b.seals.tell("a", [], at(2));
  assert.equal(b.hears(ADVERT, 2), "taken");
  a.tells(b, 3);
  assert.equal(b.hears(ADVERT, 33), "not-sealed");
  assert.equal(b.hears(ADVERT, 34), "taken");
});

Deno.test("seals: another secret, another address", () => {
  const [, b] = pair();
  const stranger = new Node("a", [], [OTHER]);
  stranger.seals.meet("b", { own: stranger.sid, other: b.sid, opens: true, isProved: true });
  assert.equal(b.hears(stranger.says()), "not-sealed");
  assert.equal(b.hears(ADVERT, 1, ip("10.0.0.77")), "taken", "it is no node: its address decides");
});

Deno.test("seals: both secrets verify while one takes the place of the other", () => {
  const [a, b] = [new Node("a", [], [OTHER, SECRET]), new Node("b", [], [SECRET, OTHER])];
  meet(a, b);
  a.tells(b);
  b.tells(a);
  assert.deepEqual([b.hears(a.says()), a.hears(b.says())], ["taken", "taken"]);
});

Deno.test("seals: a secret that was taken out of the file opens nothing, also of a session", () => {
  const [a, b] = [new Node("a", [], [OTHER, SECRET]), new Node("b", [], [OTHER, SECRET])];
  meet(a, b);
  a.tells(b);
  assert.equal(b.hears(a.says()), "taken");
  b.secrets = [SECRET];
  assert.equal(b.hears(a.says()), "not-sealed");
  a.secrets = [SECRET];
  assert.equal(b.hears(a.says()), "taken");
});

Deno.test("seals: notes of nodes that are gone, and broken ones, are left alone", () => {
  const rest = { counter: 1, speaks: true, seals: true };
  const note = [{ peer: "x", own: "00".repeat(16), other: "00".repeat(16), ...rest }, {
    peer: "b",
    own: "00",
    other: "00",
    ...rest,
  }];
  assert.deepEqual(new Node("a", note).says(), ADVERT);
});

Deno.test("seals: what is for the process before is unproved until there is a session", () => {
  const [a] = pair();
  const booted = new Node("b");
  assert.equal(booted.hears(a.says()), "unproved");
  assert.equal(booted.hears(ADVERT), "taken", "what is not sealed is taken by both ends");
  assert.equal(booted.hears(a.says(), 31), "taken", "by now a takes plain adverts again");
  meet(booted, a);
  assert.equal(booted.hears(a.says()), "taken");
});
