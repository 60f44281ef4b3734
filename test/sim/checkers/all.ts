/** The invariants that are watched in a random run. */
import type { CheckerMaker } from "../world.ts";
import { announcing } from "./announcing.ts";
import { bestHolds } from "./best_holds.ts";
import { causes } from "./causes.ts";
import { contact } from "./contact.ts";
import { crashes } from "./crashes.ts";
import { inPlace } from "./in_place.ts";
import { leases } from "./leases.ts";
import { leftBehind } from "./left_behind.ts";
import { listensFirst } from "./listens_first.ts";
import { neighbours } from "./neighbours.ts";
import { oneHolder } from "./one_holder.ts";
import { ordering } from "./ordering.ts";
import { orders } from "./orders.ts";
import { partings } from "./partings.ts";
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
  contact,
  takeoverTime,
  bestHolds,
  quiet,
  ordering,
  neighbours,
  announcing,
  reclaiming,
  leftBehind,
  listensFirst,
  wakingUp,
  inPlace,
  leases,
  partings,
  orders,
  causes,
];
