/** A fault: how it is made, and what the doctor must report. */
import type { LanOptions } from "../lab/lan.ts";
import type { Clinic, Expected, Found, Report } from "./clinic.ts";

/** One fault. */
export interface Fault {
  readonly name: string;
  readonly lan?: Partial<LanOptions>;
  /** Debian's programs that it takes to build it. */
  readonly programs?: readonly string[];
  readonly expected: Expected;
  /** Builds it, and has the doctor look. */
  readonly play: (clinic: Clinic) => Promise<Report>;
  /** Does what the finding says; the doctor is then asked again, and must not find it any more. */
  readonly mend?: (clinic: Clinic, found: Found) => Promise<Report>;
}
