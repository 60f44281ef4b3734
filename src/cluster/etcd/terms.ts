/** For how long a lease that etcd keeps may be relied on (decision 0081). */
import { milliseconds, seconds } from "../../time.ts";
import { type Fence, holdOf, MARGINS, RATE, type Terms } from "../votes/terms.ts";

/**
 * A challenger waits for so long after the last renewal that it has seen. The same in every file
 * and version; long enough for an election of etcd's at its usual times.
 */
export const ETCD_TERM = seconds(4);
/** From one renewal to the next. */
export const RENEW_EVERY = seconds(1);
/** What has no answer is asked again after this, of the next member. */
export const AGAIN = milliseconds(250);
/** A node that does not hold looks so often how things are. */
export const LOOK_EVERY = milliseconds(500);
/** A request may have its answer so late, and no later. */
export const ANSWER_WITHIN = milliseconds(2500);

/** The times of a lease, by what ends the answers of a holder whose process is dead. */
export function etcdTerms(fence: Fence): Terms {
  const hold = holdOf(ETCD_TERM, RATE, MARGINS[fence]);
  return { term: ETCD_TERM, hold, renewEvery: ANSWER_WITHIN };
}
