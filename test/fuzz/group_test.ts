/** Sync groups on several nodes agree in the end, however contradictory their priorities are. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Instant, milliseconds, type Nanoseconds, seconds } from "../../src/time.ts";
import { type Ip, ipFromBytes } from "../../src/net/ip.ts";
import { groupEvents } from "../../src/vrrp/sync_group.ts";
import type { Event } from "../../src/vrrp/event.ts";
import { initial, nameOf, type State } from "../../src/vrrp/state.ts";
import { nextDeadline, step } from "../../src/vrrp/step.ts";
import type { Rules } from "../../src/vrrp/rules.ts";
import { advert, rules } from "../support/vrrp/scene.ts";

/** FUZZ_RUNS in the environment makes it longer. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 300);

/** More rounds than this is no agreement. */
const MOST_ROUNDS = 3;
const TROUBLE_ENDS = seconds(20);
/** Long enough for every wait there is, several times over. */
const QUIET_FROM = seconds(60);
const END = seconds(120);

/** One member of the group on one node. */
interface Member {
  readonly name: string;
  readonly source: Ip;
  readonly rules: Rules;
  state: State;
}

interface Node {
  readonly members: readonly Member[];
}

/** A packet under way, or trouble to come. */
interface Pending {
  readonly at: Instant;
  readonly order: number;
  readonly node: number;
  readonly member: number;
  readonly event: Event;
}

/** A LAN of nodes with one sync group; every packet takes the same time. */
class Lan {
  readonly #nodes: readonly Node[];
  readonly #latency: Nanoseconds;
  #pending: Pending[] = [];
  #order = 0;
  #now = 0 as Instant;
  lastTransition = 0 as Instant;

  constructor(nodes: readonly Node[], latency: Nanoseconds) {
    this.#nodes = nodes;
    this.#latency = latency;
  }

  plan(at: number, node: number, member: number, event: Event): void {
    this.#pending.push({ at: at as Instant, order: this.#order++, node, member, event });
  }

  run(until: Instant): void {
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.at > until) return;
      this.#now = next.at;
      this.#pending = this.#pending.filter((other) => other !== next);
      this.#step(next.node, next.member, next.event);
      this.#agree(next.node);
    }
  }

  names(): readonly (readonly string[])[] {
    return this.#nodes.map(({ members }) => members.map(({ state }) => nameOf(state)));
  }

  /** Packets before deadlines of the same moment, as the daemon has it. */
  #next(): Pending | undefined {
    const candidates = [...this.#pending];
    for (const [node, { members }] of this.#nodes.entries()) {
      for (const [member, { state }] of members.entries()) {
        const at = nextDeadline(state);
        const event: Event = { kind: "deadline" };
        if (at !== undefined) candidates.push({ at, order: Infinity, node, member, event });
      }
    }
    return candidates.sort((a, b) => a.at - b.at || a.order - b.order)[0];
  }

  #step(node: number, index: number, event: Event): void {
    const member = this.#nodes[node]?.members[index];
    assert.ok(member !== undefined);
    const answer = step(member.state, event, this.#now, member.rules);
    member.state = answer.state;
    if (answer.transition !== undefined) this.lastTransition = this.#now;
    for (const effect of answer.effects) {
      if (effect.kind === "send-advert") this.#send(node, index, member, effect.priority);
    }
  }

  #send(from: number, index: number, { source }: Member, priority: number): void {
    for (const [node, { members }] of this.#nodes.entries()) {
      const own = members[index]?.source;
      if (node === from || own === undefined) continue;
      const said = advert({ priority });
      const event: Event = { kind: "advert", advert: said, source, own };
      this.plan(this.#now + this.#latency, node, index, event);
    }
  }

  #agree(node: number): void {
    const members = this.#nodes[node]?.members ?? [];
    for (let round = 0; round <= MOST_ROUNDS; round++) {
      const events = groupEvents(members);
      if (events.length === 0) return this.#checkAgreed(members);
      for (const { name, event } of events) {
        this.#step(node, members.findIndex((member) => member.name === name), event);
      }
    }
    assert.fail(`no agreement after ${MOST_ROUNDS} rounds`);
  }

  #checkAgreed(members: readonly Member[]): void {
    const names = new Set(members.map(({ state }) => nameOf(state)));
    // Who is not started yet is neither.
    names.delete("init");
    for (const name of ["master", "fault"] as const) {
      assert.ok(!names.has(name) || names.size === 1, `all or none is ${name}`);
    }
  }
}

const arbitraryLatency = fc.constantFrom(0, 0.1, 1, 20, 300).map(milliseconds);

/** Priorities by member and node, few values so that ties and contradictions are common. */
const arbitraryShape = fc.integer({ min: 1, max: 4 }).chain((members) =>
  fc.array(
    fc.array(
      fc.record({
        priority: fc.constantFrom(50, 100, 100, 200),
        address: fc.integer({ min: 1, max: 250 }),
      }),
      { minLength: members, maxLength: members },
    ),
    { minLength: 2, maxLength: 4, size: "max" },
  )
);

const arbitraryTrouble = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: TROUBLE_ENDS }),
    node: fc.nat(3),
    member: fc.nat(3),
    lasts: fc.integer({ min: 0, max: TROUBLE_ENDS }),
  }),
  { maxLength: 6, size: "max" },
);

/** All at the same moment is the hardest: nothing breaks the symmetry. */
const arbitraryStarts = fc.oneof(
  fc.constant([0, 0, 0, 0]),
  fc.array(fc.integer({ min: 0, max: TROUBLE_ENDS }), { minLength: 4, maxLength: 4 }),
);

Deno.test("fuzz group: in the end one node holds all addresses, and it stays so", () => {
  const story = fc.record({
    shape: arbitraryShape,
    latency: arbitraryLatency,
    trouble: arbitraryTrouble,
    starts: arbitraryStarts,
    preempt: fc.boolean(),
  });
  fc.assert(
    fc.property(story, ({ shape, latency, trouble, starts, preempt }) => {
      const lan = new Lan(
        shape.map((node, n) => ({
          members: node.map(({ priority, address }, m) => ({
            name: `member${m}`,
            // Unlike addresses on every node, in whatever order.
            source: ipFromBytes(Uint8Array.of(10, m, address, n + 1)),
            rules: rules({ priority, preempt, grouped: true }),
            state: initial(),
          })),
        })),
        latency,
      );
      const members = shape[0]?.length ?? 1;
      for (const [n] of shape.entries()) {
        for (let m = 0; m < members; m++) lan.plan(starts[n] ?? 0, n, m, { kind: "start" });
      }
      for (const { at, node, member, lasts } of trouble) {
        const [n, m] = [node % shape.length, member % members];
        const faults = [{ kind: "no-carrier" as const, message: "eth0 has no carrier" }];
        lan.plan(at, n, m, { kind: "faults", faults });
        lan.plan(at + lasts, n, m, { kind: "faults", faults: [] });
      }
      lan.run(END as number as Instant);
      const masters = lan.names().filter((names) => names.every((name) => name === "master"));
      assert.equal(masters.length, 1, JSON.stringify(lan.names()));
      assert.ok(lan.lastTransition < QUIET_FROM, `still moving at ${lan.lastTransition / 1e9} s`);
    }),
    { numRuns: RUNS },
  );
});
