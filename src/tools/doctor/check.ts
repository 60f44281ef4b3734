/** What is one examination? A name, and a look that ends in findings. */
import type { Environment } from "./environment.ts";
import type { DoctorTarget } from "./target.ts";

/** One row of the doctor's table. */
export interface DoctorCheck {
  /** One or two words, as the report shows them. */
  readonly name: string;
  /** What it cannot do without: nothing, a sound file, or that and an interface for some virtual router. */
  readonly needs: "nothing" | "file" | "interface";
  /** Looks, and judges. At least one finding. */
  run(target: DoctorTarget, environment: Environment): Promise<readonly Finding[]>;
}

/** "unknown": it could not be looked at, or what was seen says neither. */
export type Mark = "ok" | "warning" | "problem" | "unknown";

/** One finding. */
export interface Finding {
  readonly mark: Mark;
  /** A sentence without a full stop. */
  readonly what: string;
  /** Why it matters; undefined where it is plain, or all is well. */
  readonly why?: string;
  /** What to type, or to do; undefined where there is nothing to mend. */
  readonly fix?: string;
}

/** All is well. */
export function ok(what: string): Finding {
  return { mark: "ok", what };
}

/** It could not be told. */
export function unknown(what: string, fix?: string): Finding {
  return { mark: "unknown", what, ...(fix === undefined ? {} : { fix }) };
}

/** Something will go wrong, or has. */
export function problem(what: string, why: string, fix?: string): Finding {
  return { mark: "problem", what, why, ...(fix === undefined ? {} : { fix }) };
}

/** Something may go wrong, or works worse than it could. */
export function warning(what: string, why: string, fix: string): Finding {
  return { mark: "warning", what, why, fix };
}
