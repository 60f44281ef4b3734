/** Which changes of a state matter to others. */
import { sameIp } from "../net/ip.ts";
import { masterOf, type State } from "../vrrp/state.ts";

/** Do they say the same of which machine holds the addresses? */
export function isAlike(a: State, b: State): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || isReported(a) !== isReported(b)) return false;
  const [before, now] = [masterOf(a)?.source, masterOf(b)?.source];
  return before === undefined || now === undefined ? before === now : sameIp(before, now);
}

/** Is the master known by its reports alone? The master is told. */
function isReported(state: State): boolean {
  return state.kind === "backup" && state.master.kind === "reported";
}
