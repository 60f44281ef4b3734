/** Which promises are watched in a random run? */
import type { CheckerMaker } from "../world.ts";
import { bestHolds } from "./best_holds.ts";
import { causes } from "./causes.ts";
import { crashes } from "./crashes.ts";
import { leftBehind } from "./left_behind.ts";
import { listensFirst } from "./listens_first.ts";
import { neighbours } from "./neighbours.ts";
import { oneHolder } from "./one_holder.ts";
import { quiet } from "./quiet.ts";
import { rivals } from "./rivals.ts";
import { wakingUp } from "./waking_up.ts";

/** All checkers. */
export const CHECKERS: readonly CheckerMaker[] = [
  crashes,
  oneHolder,
  rivals,
  bestHolds,
  quiet,
  neighbours,
  leftBehind,
  listensFirst,
  wakingUp,
  causes,
];
