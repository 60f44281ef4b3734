/** A report some time after it was made: its ages go on, and the rest is as it was. Pure. */
import { ageMs, type Instant } from "../time.ts";
import type { NodeReport, RouterReport } from "./report.ts";

/** What `node` said of itself at `then`, as it is `now`. */
export function nodeLater(node: NodeReport, then: Instant, now: Instant): NodeReport {
  const ms = ageMs(then, now);
  const { up, fileAge, maintenance } = node;
  return {
    ...node,
    up: up + ms,
    fileAge: fileAge + ms,
    maintenance: maintenance && {
      ...maintenance,
      age: maintenance.age + ms,
      left: maintenance.left === null ? null : Math.max(0, maintenance.left - ms),
    },
  };
}

/** What was said of a virtual router at `then`, as it is `now`. */
export function routerLater(router: RouterReport, then: Instant, now: Instant): RouterReport {
  const ms = ageMs(then, now);
  const checks = router.checks.map((check) => ({
    ...check,
    age: check.age === null ? null : check.age + ms,
  }));
  return { ...router, age: router.age + ms, checks };
}

/** What goes on by itself. */
const AGES: readonly string[] = ["up", "fileAge", "age", "left"];
/** Ages may differ by so many milliseconds: clocks of the calendar are slewed. */
const SLACK = 100;

/** Do two reports, or parts of them, say the same? */
export function saysSame(one: unknown, other: unknown, name = ""): boolean {
  if (one === other) return true;
  if (typeof one === "number" && typeof other === "number") {
    return AGES.includes(name) && Math.abs(one - other) <= SLACK;
  }
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return false;
  }
  const [ours, theirs] = [Object.entries(one), Object.entries(other)];
  return ours.length === theirs.length &&
    ours.every(([key, value], at) =>
      theirs[at]?.[0] === key && saysSame(value, theirs[at][1], key)
    );
}
