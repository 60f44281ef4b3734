/** A lease in etcd for people: why a node does not hold it. */
import { formatDuration } from "../../time.ts";
import type { Reading } from "../votes/clocks.ts";
import { type EtcdLease, waitOf } from "./lease.ts";
import type { MembersView } from "./members.ts";

/** Why the node does not hold, one sentence each. */
export function refusalsOf(
  lease: EtcdLease,
  { have, of, faults }: MembersView,
  now: Reading,
): readonly string[] {
  const wait = waitOf(lease, now);
  const members = [`etcd: ${have} of ${of.length} answer`, ...faults];
  if (wait === undefined || have === 0) return members;
  const { by } = lease.seen ?? {};
  const rest = formatDuration(wait);
  const answer = have === of.length ? [] : members;
  if (wait === 0) return by?.isFree ? answer : [`it is free, says etcd`, ...answer];
  return by?.token === undefined
    ? [`etcd does not know whether a node holds it: decided in ${rest}`, ...answer]
    : [`${by.node ?? "another process"} holds it, says etcd, for ${rest} more`, ...answer];
}
