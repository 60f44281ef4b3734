/** What is one examination? A name, and a look that ends in findings. */
import type { Finding } from "./finding.ts";
import type { Subject } from "./target.ts";
import type { Surroundings } from "./environment.ts";

/** One row of the doctor's table. */
export interface Examination {
  /** One or two words, as the report shows them. */
  readonly name: string;
  /** What it cannot do without: nothing, a sound file, or that and an interface for some virtual router. */
  readonly needs: "nothing" | "file" | "interface";
  /** Looks, and judges. At least one finding. */
  examine(subject: Subject, world: Surroundings): Promise<readonly Finding[]>;
}
