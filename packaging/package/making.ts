/** One package to make: its input and its result. */
import type { Arch } from "../runtime.ts";

/** One package to make. */
export interface Making {
  readonly arch: Arch;
  /** "0.1.0": of the package; the program's own stands in its code. */
  readonly version: string;
  /** fast: zstd, a second; small: xz, half a minute. */
  readonly compression: "fast" | "small";
  /**
   * All times in the package, in seconds since 1970 (reproducible-builds.org: SOURCE_DATE_EPOCH).
   */
  readonly epoch: number;
  /** Where the package is left. */
  readonly out: string;
}

/** A package that was made. */
export interface Made {
  readonly file: string;
}
