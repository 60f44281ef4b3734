/** A check of the doctor, and its findings. */
import type { Environment } from "./environment.ts";
import type { DoctorTarget } from "./target.ts";

/** What is looked at, as a row of the report or several. */
export interface DoctorCheck {
  /** As the report shows it. */
  readonly name: string;
  /** It needs nothing, a valid file, or that and an interface for a virtual router. */
  readonly needs: "nothing" | "file" | "interface";
  /** At least one finding. Never rejects. */
  run(target: DoctorTarget, environment: Environment): Promise<readonly Finding[]>;
}

/** "unknown": it could not be examined, or the result is not clear. */
export type Mark = "ok" | "warning" | "problem" | "unknown";

/** What a check says of one thing. */
export interface Finding {
  readonly mark: Mark;
  /** A sentence without a full stop. */
  readonly what: string;
  /** Why it matters; absent where that is plain, or nothing is wrong. */
  readonly why?: string;
  /** What to type or to do; absent where there is nothing to fix. */
  readonly fix?: string;
}

/** Nothing is wrong. */
export function ok(what: string): Finding {
  return { mark: "ok", what };
}

/** It is not known. */
export function unknown(what: string, fix?: string): Finding {
  return { mark: "unknown", what, ...(fix === undefined ? {} : { fix }) };
}

/** Something is wrong, or will be. */
export function problem(what: string, why: string, fix?: string): Finding {
  return { mark: "problem", what, why, ...(fix === undefined ? {} : { fix }) };
}

/** Something may go wrong, or could work better. */
export function warning(what: string, why: string, fix: string): Finding {
  return { mark: "warning", what, why, fix };
}
