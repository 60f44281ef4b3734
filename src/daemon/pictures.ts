/** Pictures of the network for steps that take some time. */
import type { Interfaces } from "../net/interfaces.ts";

/** Gives the present picture of the network, or one that nothing else has changed since. */
export type Look = () => Interfaces;

/**
 * One picture of the network for all parts of a step, until others have changed it, as `changes`
 * counts: each change makes a new one, and the first look-up costs its whole size.
 */
export function pictures(changes: () => number, take: () => Interfaces): Look {
  let known: { readonly picture: Interfaces; readonly of: number } | undefined;
  return () => {
    const of = changes();
    if (known?.of !== of) known = { picture: take(), of };
    return known.picture;
  };
}
