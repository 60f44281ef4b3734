/** Which parts of the file's language does this version run? The others are known, and answered with an error. */
import type { Keys } from "./schema.ts";

/** Parts that can be switched on. */
export interface Released {
  /** [check.NAME], and `checks` of an instance. */
  readonly checks: boolean;
  /** [notify], and `notify` of an instance. */
  readonly notify: boolean;
  /** `mqtt` of a notify table. */
  readonly mqtt: boolean;
}

/** What this version runs. */
export const RELEASED: Released = { checks: true, notify: true, mqtt: false };

/** `later` of the keys of health checks. */
export const NO_CHECKS = {
  feature: "checks",
  what: "health checks are not in this version yet",
  fix: "remove it for now: floatip still moves the addresses when a node, link or cable fails",
} as const;

/** `later` of the keys of notifications. */
export const NO_NOTIFY = {
  feature: "notify",
  what: "notifications are not in this version yet",
  fix: "remove it for now: every change stands in the log with its cause",
} as const;

/** `later` of the key mqtt. */
export const NO_MQTT = {
  feature: "mqtt",
  what: "messages by MQTT are not in this version yet",
  fix: "remove it for now: a webhook or a command can tell your broker",
} as const;

/** `keys` where those of `released` parts are keys like all others. */
export function releasedKeys<T extends Keys>(keys: T, released: Released): T {
  const entries = Object.entries(keys).map(([name, key]) => {
    const { later, ...rest } = key;
    return [name, later !== undefined && released[later.feature] ? rest : key];
  });
  // The same keys with the same shapes: only what is said about them changed.
  return Object.fromEntries(entries) as T;
}
