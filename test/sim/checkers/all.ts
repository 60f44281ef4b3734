/** Which promises are watched in a random run? */
import type { CheckerMaker } from "../world.ts";
import { announcing } from "./announcing.ts";
import { answers } from "./answers.ts";
import { bestHolds } from "./best_holds.ts";
import { causes } from "./causes.ts";
import { crashes } from "./crashes.ts";
import { leftBehind } from "./left_behind.ts";
import { listensFirst } from "./listens_first.ts";
import { neighbours } from "./neighbours.ts";
import { oneHolder } from "./one_holder.ts";
import { ordering } from "./ordering.ts";
import { quiet } from "./quiet.ts";
import { reclaiming } from "./reclaiming.ts";
import { rivals } from "./rivals.ts";
import { takeoverTime } from "./takeover_time.ts";
import { wakingUp } from "./waking_up.ts";

/** All checkers. */
export const CHECKERS: readonly CheckerMaker[] = [
  crashes,
  oneHolder,
  rivals,
  answers,
  takeoverTime,
  bestHolds,
  quiet,
  ordering,
  neighbours,
  announcing,
  leftBehind,
  listensFirst,
  wakingUp,
  causes,
];

/**
 * Promises that are not kept yet: a loser that hears the winner first yields without a word, so that the winner never learns
 * that neighbours were misled. `deno task sim -- --awaited` watches them, too.
 */
export const AWAITED: readonly CheckerMaker[] = [reclaiming];
