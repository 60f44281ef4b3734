/** Stories of a virtual router: any events, in any order, at any distance. */
import fc from "fast-check";
import { type Instant, type Nanoseconds, seconds } from "../../../src/time.ts";
import { type Ip, ip } from "../../../src/net/ip.ts";
import type { Event, Fault, Opinion } from "../../../src/vrrp/event.ts";
import type { Rules } from "../../../src/vrrp/rules.ts";
import { advert, FLOATING, OWN, rules } from "./scene.ts";

const arbitraryInterval = fc.oneof(
  fc.constantFrom(1, 10, 100, 4095),
  fc.integer({ min: 1, max: 4095 }),
).map((centiseconds) => centiseconds * 10e6 as Nanoseconds);

const arbitraryRules: fc.Arbitrary<Rules> = fc.record({
  priority: fc.oneof(fc.constantFrom(1, 100, 254, 255), fc.integer({ min: 1, max: 255 })),
  version: fc.constantFrom(2 as const, 3 as const),
  advertInterval: arbitraryInterval,
  preempt: fc.boolean(),
  preemptDelay: fc.constantFrom(seconds(0), seconds(0.5), seconds(10), seconds(3600)),
  initialState: fc.constantFrom("backup" as const, "master" as const),
  grouped: fc.boolean(),
  lease: fc.constantFrom(undefined, seconds(1), seconds(3), seconds(60)),
  duplicateCheck: fc.boolean(),
  secondOpinion: fc.boolean(),
  addresses: fc.constantFrom([FLOATING], [FLOATING, ip("10.0.0.101")]),
}).map(rules);

const arbitraryFaults: fc.Arbitrary<readonly Fault[]> = fc.subarray([
  { kind: "no-carrier", message: "eth0 has no carrier" },
  { kind: "kernel", message: "the kernel says no" },
]);

const arbitrarySource: fc.Arbitrary<Ip> = fc.constantFrom(
  ip("10.0.0.1"),
  OWN,
  ip("10.0.0.3"),
  ip("255.255.255.255"),
);

const arbitraryAdvert: fc.Arbitrary<Event> = fc.record({
  priority: fc.oneof(
    fc.constantFrom(0, 1, 99, 100, 101, 254, 255),
    fc.integer({ max: 255, min: 0 }),
  ),
  interval: arbitraryInterval,
  source: arbitrarySource,
}).map(({ source, ...said }) => ({ kind: "advert", advert: advert(said), source, own: OWN }));

/** What reports say; `age` in nanoseconds: of the report that a node holds the addresses. */
type Word =
  | { readonly kind: "holds"; readonly age: number; readonly source: Ip; readonly priority: number }
  | { readonly kind: "gone"; readonly source: Ip };

const arbitraryWord: fc.Arbitrary<Word> = fc.oneof(
  fc.record({
    kind: fc.constant("holds" as const),
    age: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5e9 })),
    source: arbitrarySource,
    priority: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ kind: fc.constant("gone" as const), source: arbitrarySource }),
);

/** New rules are drawn here; the event that tells of them needs the old ones. */
type Happening =
  | Event
  | { readonly kind: "replace"; readonly rules: Rules }
  /** With a deadline (asked), or when a report came. */
  | { readonly kind: "told"; readonly word: Word; readonly asked: boolean };

function opinionOf(word: Word, now: Instant): Opinion {
  if (word.kind === "gone") return { kind: "gone", source: word.source, says: "released" };
  const { source, priority, age } = word;
  return { kind: "holds", source, priority, at: (now - age) as Instant, isBetterPlaced: false };
}

/** The event that `happening` is at `now`, under the rules `own` until now. */
export function eventOf(happening: Happening, now: Instant, own: Rules): Event {
  switch (happening.kind) {
    case "replace":
      return { kind: "rules", before: own };
    case "told": {
      const opinion = opinionOf(happening.word, now);
      return happening.asked ? { kind: "deadline", opinion } : {
        kind: "reports",
        opinion,
        own: OWN,
      };
    }
    default:
      return happening;
  }
}

const arbitraryHappening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: arbitraryAdvert },
  { weight: 6, arbitrary: fc.constant<Happening>({ kind: "deadline" }) },
  {
    weight: 2,
    arbitrary: arbitraryWord.map((word): Happening => ({ kind: "told", word, asked: true })),
  },
  {
    weight: 2,
    arbitrary: arbitraryWord.map((word): Happening => ({ kind: "told", word, asked: false })),
  },
  { weight: 2, arbitrary: fc.constant<Happening>({ kind: "start" }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: "stop" }) },
  {
    weight: 1,
    arbitrary: arbitraryFaults.map((faults): Happening => ({ kind: "faults", faults })),
  },
  {
    weight: 1,
    arbitrary: arbitraryRules.map((own): Happening => ({ kind: "replace", rules: own })),
  },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: "addresses-lost" }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: "link-changed" }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: "address-conflict" }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: "overrun" }) },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: "resume" }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom("stop" as const, "handover" as const, "maintenance" as const).map(
      (kind): Happening => ({ kind: "hand-over", why: { kind } }),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Happening>({ kind: "group-claim", member: "a" }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1, 2).map((patience): Happening => ({
      kind: "group-release",
      member: "a",
      patience,
    })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(undefined, "a").map((member): Happening => ({
      kind: "group-fault",
      member,
    })),
  },
);

/** How long after the last thing; "deadline": exactly when the engine asked to be called. */
const arbitraryPause: fc.Arbitrary<number | "deadline"> = fc.oneof(
  { weight: 4, arbitrary: fc.constant("deadline" as const) },
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 2e9 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 200e9 }) },
  // The clock jumps by hours: a suspended machine, a stopped process.
  { weight: 1, arbitrary: fc.integer({ min: 3600e9, max: 24 * 3600e9 }) },
);

/** What happens to a router that begins under some rules, and how long after the thing before. */
export type Story = [Rules, [number | "deadline", Happening][]];

/** Any story. */
export const arbitraryStory: fc.Arbitrary<Story> = fc.tuple(
  arbitraryRules,
  fc.array(fc.tuple(arbitraryPause, arbitraryHappening), { maxLength: 80, size: "max" }),
);
