/** Virtual routers of one node that cannot run beside each other. Pure. */
import { formatIp } from "../../net/ip.ts";
import { type Plan, transportText } from "./plan.ts";

/**
 * Two routers of one family and number that turn out to share a wire or a socket: the later one
 * waits.
 */
export function withoutClashes(plans: readonly Plan[]): readonly Plan[] {
  const earlier = new Map<string, { readonly index: number; readonly name: string }>();
  return plans.map((own, index) => {
    const places = placesOfPlan(own);
    const [clash] = places.flatMap(({ key, place }) => {
      const first = earlier.get(key);
      return first === undefined ? [] : [{ ...first, place }];
    }).toSorted((a, b) => a.index - b.index);
    for (const { key } of places) {
      if (!earlier.has(key)) earlier.set(key, { index, name: own.name });
    }
    if (clash === undefined) return own;
    const words = `${clash.place} has VRID ${own.rules.vrid} of instance ${clash.name} already`;
    return { ...own, waiting: [...own.waiting, { kind: "interface-missing", message: words }] };
  });
}

/**
 * What no other router of its number may have: its wire; and its socket, since what is sent to an
 * address of the node reaches all who hear there, whichever interface their floating addresses are
 * on.
 */
function placesOfPlan(plan: Plan): readonly { readonly key: string; readonly place: string }[] {
  const { family, interface: wire, source, rules: { vrid, transport } } = plan;
  const key = (...parts: readonly string[]) => JSON.stringify([family, vrid, ...parts]);
  const from = source && transport !== "multicast" ? formatIp(source) : undefined;
  return [
    ...(wire === undefined ? [] : [{ key: key("wire", wire), place: wire }]),
    ...(from === undefined ? [] : [{ key: key(transportText(plan), from), place: from }]),
  ];
}
