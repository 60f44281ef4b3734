/** What is known of other nodes, how old it is, and how they stand. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  couldHold,
  hold,
  learn,
  MOST_HELD,
  type Standing,
  standingOf,
  type Told,
} from "../../../src/cluster/knowledge.ts";
import { collect, type Collected, differing, wholeOf } from "../../../src/cluster/pages.ts";
import type { NodeReport, ReportPart, RouterReport } from "../../../src/cluster/report.ts";
import type { PeerView } from "../../../src/cluster/peer.ts";
import { type Instant, milliseconds, seconds } from "../../../src/time.ts";
import { nodeReport, routerReport } from "../../support/cluster/reports.ts";

const at = (count: number): Instant => seconds(count) as number as Instant;

function part(number: number, routers: readonly RouterReport[], rest = {}): ReportPart {
  return { number, index: 0, last: true, node: nodeReport(), routers, ...rest };
}

function told(parts: readonly (readonly [number, ReportPart])[]): Told {
  let known: Told | undefined;
  for (const [time, one] of parts) known = learn(known, one, 1n, at(time));
  if (known === undefined) throw new Error("nothing told");
  return known;
}

const statesOf = ({ routers }: Told): readonly string[] =>
  [...routers.values()].map(({ report: { name, state } }) => `${name} ${state}`);

const WEB = routerReport();
const DB = routerReport({ name: "db" });
const MASTER = routerReport({ state: "master", age: 3000, holds: true });

const peer = (changes: Partial<PeerView> = {}): PeerView => ({
  name: "pi-b",
  hasSession: true,
  since: at(0),
  heard: at(10),
  roundTrip: milliseconds(1),
  isTwice: false,
  otherSecret: undefined,
  otherName: undefined,
  greeted: undefined,
  ...changes,
});

Deno.test("knowledge: the latest report counts, a late one does not", () => {
  deepStrictEqual(
    statesOf(told([[1, part(1, [WEB])], [1.1, part(3, [MASTER])], [1.2, part(2, [WEB])]])),
    ["web master"],
  );
});

Deno.test("knowledge: a new process begins anew, with the first number", () => {
  const afterLong = told([[1, part(5000, [MASTER, DB])], [1.1, part(1, [WEB])]]);
  deepStrictEqual(statesOf(afterLong), ["web backup"]);
  const afterShort = told([[1, part(3, [MASTER])], [2.5, part(1, [WEB])]]);
  deepStrictEqual(statesOf(afterShort), ["web backup"]);
});

Deno.test("knowledge: routers that a whole report does not name are gone, not before", () => {
  const half = part(2, [WEB], { last: false });
  const first = told([[1, part(1, [WEB, DB])], [2, half]]);
  deepStrictEqual(statesOf(first), ["web backup", "db backup"]);
  // The same datagram by two roads is one part.
  const again = learn(first, half, 1n, at(2));
  deepStrictEqual(statesOf(again), ["web backup", "db backup"]);
  const rest = { ...part(2, []), index: 1 };
  deepStrictEqual(statesOf(learn(again, rest, 1n, at(2))), ["web backup"]);
});

Deno.test("knowledge: routers told before are not copied for each part", () => {
  const first = told([[1, part(1, [WEB])]]);
  const { routers } = learn(first, part(2, [DB], { last: false }), 1n, at(2));
  strictEqual(routers, first.routers);
});

Deno.test("knowledge: each router has the age of the report that it was in", () => {
  const known = told([[1, part(1, [WEB, DB])], [2, part(2, [MASTER], { last: false })]]);
  deepStrictEqual([...known.routers.values()].map((one) => one.at), [at(2), at(1)]);
});

Deno.test("knowledge: a whole report that still holds is fresh, and its ages go on", () => {
  const before = told([[1, part(7, [WEB, DB])]]);
  const held = hold(before, { session: 1n, number: 7 }, at(2.5));
  ok(held !== undefined);
  strictEqual(held.node.up, before.node.up + 1500);
  for (const { report, at: time } of held.routers.values()) {
    deepStrictEqual([time, report.age], [at(2.5), WEB.age + 1500]);
  }
  strictEqual(standingOf(held, peer(), at(4.2)), "up");
  strictEqual(standingOf(held, peer(), at(4.4)), "lost");
  const again = hold(held, { session: 1n, number: 7 }, at(3));
  strictEqual(again?.routers.get("web/ipv4")?.report.age, WEB.age + 2000);
});

Deno.test("knowledge: a report holds only where all of it came, by this session", () => {
  const whole = told([[1, part(7, [WEB])]]);
  const half = told([[1, part(7, [WEB])], [2, part(8, [DB], { last: false })]]);
  const none = [
    [undefined, 1n, 7],
    [whole, 2n, 7],
    [whole, 1n, 6],
    [whole, 1n, 8],
    [half, 1n, 8],
    // A late one: what came since is not renewed by it.
    [half, 1n, 7],
    [told([[1, part(1, [WEB], { index: 1 })]]), 1n, 1],
    // Another process, whose first report is lost in part.
    [told([[1, part(7, [WEB])], [5, part(1, [DB], { last: false })]]), 1n, 7],
  ] as const;
  for (const [known, session, number] of none) {
    strictEqual(hold(known, { session, number }, at(3)), undefined, `${session} ${number}`);
  }
});

Deno.test("knowledge: of more virtual routers than are moved on in a turn no report holds", () => {
  const holds = (count: number): boolean => {
    const routers = Array.from({ length: count }, (_, n) => routerReport({ name: `i${n}` }));
    return hold(told([[1, part(1, routers)]]), { session: 1n, number: 1 }, at(2)) !== undefined;
  };
  ok(holds(MOST_HELD));
  ok(!holds(MOST_HELD + 1));
});

Deno.test("knowledge: how a node stands", () => {
  const of = (node: Partial<NodeReport>): Told =>
    told([[10, part(1, [WEB], { node: nodeReport(node) })]]);
  const maintenance = { age: 0, left: null, reason: "disk" };
  const cases: readonly (readonly [Standing, Told | undefined, PeerView | undefined, number])[] = [
    ["up", of({}), peer(), 11.8],
    ["lost", of({}), peer(), 11.9],
    ["maintenance", of({ maintenance }), peer(), 10.5],
    ["lost", of({ maintenance }), peer(), 12],
    ["left", of({ leaving: true }), peer(), 10.5],
    ["left", of({ leaving: true }), peer(), 999],
    ["never-heard", undefined, peer({ heard: undefined }), 10],
    ["never-heard", undefined, undefined, 10],
    ["unread", undefined, peer({ since: at(7) }), 10.5],
    ["never-heard", undefined, peer({ since: at(8) }), 10.5],
    ["other-secret", undefined, peer({ heard: undefined, otherSecret: at(9) }), 10],
    ["never-heard", undefined, peer({ heard: undefined, otherSecret: at(6) }), 10],
    ["other-secret", of({}), peer({ otherSecret: at(13) }), 14],
    ["up", of({}), peer({ otherSecret: at(10) }), 10.5],
    ["twice", of({}), peer({ isTwice: true }), 10.5],
  ];
  for (const [expected, known, view, time] of cases) {
    strictEqual(standingOf(known, view, at(time)), expected);
  }
});

Deno.test("knowledge: who could hold them", () => {
  deepStrictEqual(
    [WEB, MASTER, { ...WEB, state: "fault" as const }, { ...MASTER, link: false }].map(couldHold),
    [true, true, false, false],
  );
});

Deno.test("pages: an answer is whole when all its pages came, in any order", () => {
  const page = (index: number, file = "f") => ({
    file,
    of: null,
    index,
    count: 2,
    hashes: [[`part${index}`, `${file}${index}`]] as const,
  });
  let all: Collected = collect(undefined, page(1));
  strictEqual(wholeOf(all), undefined);
  all = collect(all, page(1, "g"));
  strictEqual(wholeOf(all), undefined);
  all = collect(all, page(0, "g"));
  const whole = wholeOf(all);
  deepStrictEqual([...whole ?? []], [["part1", "g1"], ["part0", "g0"]]);
  const own = new Map([["part0", "g0"], ["part1", "x"], ["part2", "x"]]);
  deepStrictEqual(differing(own, whole ?? new Map()), ["part1", "part2"]);
});
