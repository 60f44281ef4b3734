/** Values of the status document that others list too: metrics, and sensors of Home Assistant. */
import type { Health, InstanceStatus } from "./api.ts";

/** Every state of an instance. */
export const STATES = Object.keys(
  { init: 0, backup: 0, master: 0, fault: 0 } satisfies Record<InstanceStatus["state"], 0>,
) as readonly InstanceStatus["state"][];

/** Every health of an instance, from best to worst. */
export const HEALTHS = Object.keys(
  { held: 0, listening: 0, fault: 0, nobody: 0, two: 0 } satisfies Record<Health, 0>,
) as readonly Health[];
