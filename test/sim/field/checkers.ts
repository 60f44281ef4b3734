/** Promises that are watched in a field run. */
import { bestHolds } from "../checkers/best_holds.ts";
import { crashes } from "../checkers/crashes.ts";
import { neighbours } from "../checkers/neighbours.ts";
import { oneHolder } from "../checkers/one_holder.ts";
import type { Checker } from "../world.ts";
import { follows } from "./follows.ts";
import { harmless } from "./harmless.ts";
import { knows } from "./knows.ts";
import { recovers } from "./recovers.ts";
import { truthful } from "./truthful.ts";
import type { FieldWorld } from "./world.ts";

/**
 * All of them. Those of random runs look when everything is mended, and the files are the same
 * again.
 */
export const FIELD_CHECKERS: readonly ((world: FieldWorld) => Checker)[] = [
  crashes,
  truthful,
  knows,
  harmless,
  recovers,
  follows,
  oneHolder,
  bestHolds,
  neighbours,
];
