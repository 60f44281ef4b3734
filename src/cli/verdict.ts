/** Is all well? One exit code for a whole status document, and the reason in words. */
import type { InstanceStatus, StatusDocument } from "../control/api.ts";
import { EXIT, type ExitCode } from "./exit.ts";

/** How an instance is doing, as far as this node can tell, from best to worst. */
export type Health =
  /** One node holds the addresses. */
  | "held"
  /** Just started: listens before it claims. */
  | "listening"
  /** This node cannot take part. Who holds the addresses is unknown to it. */
  | "fault"
  /** Nobody holds them. */
  | "nobody"
  /** This node holds them, and somebody else says the same. */
  | "two";

/** The exit code that each is worth. */
const EXIT_OF: Readonly<Record<Health, ExitCode>> = {
  held: EXIT.ok,
  listening: EXIT.degraded,
  fault: EXIT.degraded,
  nobody: EXIT.unheld,
  two: EXIT.unheld,
};

/**
 * Two clocks meet when ages are compared with `since`, and an advert may be on its way when a master gives in: less
 * than this proves nothing. In milliseconds.
 */
const MARGIN_MS = 100;

/** The exit code of `floatip status` for `document`, as read at `now` (milliseconds since 1970). The worst counts. */
export function verdict(document: StatusDocument, now: number): ExitCode {
  const codes = document.instances.map((instance) => EXIT_OF[healthOf(instance, now)]);
  const attention = document.attention.length > 0 ? EXIT.degraded : EXIT.ok;
  return [...codes, attention].reduce((worst, code) => code > worst ? code : worst, EXIT.ok);
}

/** How `instance` is doing at `now` (milliseconds since 1970). */
export function healthOf(instance: InstanceStatus, now: number): Health {
  switch (instance.state) {
    case "fault":
      return "fault";
    case "init":
      return "listening";
    case "master":
      return rivals(instance, now).length > 0 ? "two" : "held";
    case "backup": {
      if (instance.master !== null) return "held";
      const listened = now - Date.parse(instance.since);
      return listened <= instance.master_down_ms + MARGIN_MS ? "listening" : "nobody";
    }
  }
}

/** Names of those who have claimed to be master since this node is it, and have not fallen silent. */
export function rivals(instance: InstanceStatus, now: number): readonly string[] {
  if (instance.state !== "master") return [];
  const held = now - Date.parse(instance.since);
  return instance.peers.filter(({ priority, last_heard_ms: age }) =>
    priority !== null && priority !== 0 && age !== null &&
    age <= instance.master_down_ms && age < held - MARGIN_MS
  ).map(({ node }) => node);
}
