/** What does not get through? The passages that are needed, tried against the rulesets that are there. */
import type { Ip } from "../../net/ip.ts";
import { protocolOf, type RequiredTraffic, TRAFFIC } from "./required_traffic.ts";
import { type Packet, type Ruleset, type Verdict, verdictOf } from "./ruleset.ts";

/** A passage that is barred, or may be. */
export interface BlockedTraffic {
  readonly traffic: RequiredTraffic;
  readonly program: Ruleset["program"];
  readonly verdict: Exclude<Verdict, { kind: "passes" }>;
}

/** At most one for each passage and ruleset, dropped ones before doubtful ones. */
export function blockedTraffic(
  required: readonly RequiredTraffic[],
  rulesets: readonly Ruleset[],
): readonly BlockedTraffic[] {
  return required.flatMap((traffic) =>
    rulesets.flatMap((ruleset) => {
      const verdicts = packetsOf(traffic).map((packet) => verdictOf(packet, ruleset));
      const worst = verdicts.find(({ kind }) => kind === "dropped") ??
        verdicts.find(({ kind }) => kind === "unknown");
      if (worst === undefined || worst.kind === "passes") return [];
      return [{ traffic, program: ruleset.program, verdict: worst }];
    })
  ).toSorted((a, b) => a.verdict.kind.localeCompare(b.verdict.kind));
}

/** One packet for each peer, or from somebody where none is known, and for each ICMPv6 type. */
function packetsOf(traffic: RequiredTraffic): readonly Packet[] {
  const { direction, family, kind, port, group, others } = traffic;
  const { [direction]: types } = TRAFFIC[kind];
  const ends: readonly (Ip | undefined)[] = others.length === 0 ? [undefined] : others;
  return ends.flatMap((other) =>
    (types.length === 0 ? [undefined] : types).map((icmpType): Packet => ({
      direction,
      interface: traffic.interface,
      family,
      protocol: protocolOf(traffic),
      port,
      icmpType,
      source: direction === "in" ? other : undefined,
      destination: group ?? (direction === "out" ? other : undefined),
    }))
  );
}
