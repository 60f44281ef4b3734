/** What is one examination? A name, and a look that ends in findings. */
import type { Finding } from "./finding.ts";
import type { DoctorTarget } from "./target.ts";
import type { Environment } from "./environment.ts";

/** One row of the doctor's table. */
export interface DoctorCheck {
  /** One or two words, as the report shows them. */
  readonly name: string;
  /** What it cannot do without: nothing, a sound file, or that and an interface for some virtual router. */
  readonly needs: "nothing" | "file" | "interface";
  /** Looks, and judges. At least one finding. */
  run(target: DoctorTarget, environment: Environment): Promise<readonly Finding[]>;
}
