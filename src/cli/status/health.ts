/** The exit code of `floatip status`: one for a whole status document. */
import type { Health, StatusDocument } from "../../control/api.ts";
import { EXIT, type ExitCode } from "../exit.ts";

/** The exit code that each is worth. */
const EXIT_OF: Readonly<Record<Health, ExitCode>> = {
  held: EXIT.ok,
  listening: EXIT.degraded,
  fault: EXIT.degraded,
  nobody: EXIT.unheld,
  two: EXIT.unheld,
};

/** The exit code for `document`; the worst counts. */
export function verdict({ instances, attention }: StatusDocument): ExitCode {
  const codes = instances.map(({ health }) => EXIT_OF[health]);
  const looked = attention.length > 0 ? EXIT.degraded : EXIT.ok;
  return [...codes, looked].reduce((worst, code) => code > worst ? code : worst, EXIT.ok);
}
