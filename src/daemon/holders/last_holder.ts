/** The latest holder that this node knew of, where it knows none now. Pure. */
import { routerKey, type Told } from "../../cluster/knowledge.ts";
import type { LastHolder } from "../../control/api.ts";
import { formatIp } from "../../net/ip.ts";
import { ageMs, type Instant } from "../../time.ts";
import { LEAVING_PRIORITY } from "../../vrrp/election.ts";
import { isHolder } from "../../vrrp/state.ts";
import type { VirtualRouter } from "../virtual_router.ts";
import { masterHeard } from "./health.ts";

/** What each other node told last. */
type Tales = ReadonlyMap<string, { readonly told: Pick<Told, "routers"> | undefined }>;

/**
 * By adverts, by what the nodes told, and by what this node (`self`) did itself, whatever is the
 * newest. Null: it knows the holder, or never knew one.
 */
export function lastHolder(
  router: VirtualRouter,
  self: string,
  tales: Tales,
  now: Instant,
): LastHolder | null {
  const { plan, state, heard, releasedAt, counters } = router;
  if (isHolder(state) || masterHeard(router, now) !== undefined) return null;
  const key = routerKey(plan.name, plan.family);
  const known = [
    ...[...heard.values()].filter(({ priority }) => priority > LEAVING_PRIORITY)
      .map(({ source, at }) => ({ node: named(plan, formatIp(source)), at })),
    ...[...tales].flatMap(([node, { told }]) => {
      const word = told?.routers.get(key);
      return word?.report.state === "master" ? [{ node, at: word.at }] : [];
    }),
    ...(releasedAt === undefined || counters.masterTransitions === 0
      ? []
      : [{ node: self, at: releasedAt }]),
  ];
  const [newest] = known.toSorted((a, b) => b.at - a.at);
  if (newest === undefined) return null;
  return { node: newest.node, ago_ms: ageMs(newest.at, now) };
}

function named({ names }: VirtualRouter["plan"], address: string): string {
  return names.get(address) ?? address;
}
