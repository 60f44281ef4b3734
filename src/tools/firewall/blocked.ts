/** What does not get through? The passages that are needed, tried against the rulesets that are there. */
import type { Ip } from "../../net/ip.ts";
import { type Passage, protocolOf, TRAFFIC } from "./required_traffic.ts";
import { type Fate, fateOf, type Packet, type Ruleset } from "./ruleset.ts";

/** A passage that is barred, or may be. */
export interface Obstacle {
  readonly passage: Passage;
  readonly program: Ruleset["program"];
  readonly fate: Exclude<Fate, { kind: "passes" }>;
}

/** At most one for each passage and ruleset, dropped ones before doubtful ones. */
export function obstaclesOf(
  passages: readonly Passage[],
  rulesets: readonly Ruleset[],
): readonly Obstacle[] {
  return passages.flatMap((passage) =>
    rulesets.flatMap((ruleset) => {
      const fates = packetsOf(passage).map((packet) => fateOf(packet, ruleset));
      const worst = fates.find(({ kind }) => kind === "dropped") ??
        fates.find(({ kind }) => kind === "unknown");
      if (worst === undefined || worst.kind === "passes") return [];
      return [{ passage, program: ruleset.program, fate: worst }];
    })
  ).toSorted((a, b) => a.fate.kind.localeCompare(b.fate.kind));
}

/** One packet for each peer, or from somebody where none is known, and for each ICMPv6 type. */
function packetsOf(passage: Passage): readonly Packet[] {
  const { direction, family, traffic, port, group, others } = passage;
  const { [direction]: types } = TRAFFIC[traffic];
  const ends: readonly (Ip | undefined)[] = others.length === 0 ? [undefined] : others;
  return ends.flatMap((other) =>
    (types.length === 0 ? [undefined] : types).map((icmpType): Packet => ({
      direction,
      interface: passage.interface,
      family,
      protocol: protocolOf(passage),
      port,
      icmpType,
      source: direction === "in" ? other : undefined,
      destination: group ?? (direction === "out" ? other : undefined),
    }))
  );
}
