/** Invariant: no program ends by itself. */
import type { Checker, World } from "../world.ts";

/** Watches all programs. */
export function crashes(world: World): Checker {
  return {
    see(seen) {
      if (seen.kind !== "program" || seen.what !== "crashed") return;
      world.complain("crashes", `${seen.node} crashed: ${seen.words}`);
    },
  };
}
