/** Can the history be written? */
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, problem, unknown, warning } from "../finding.ts";

/** storage */
export const storage: DoctorCheck = {
  name: "storage",
  needs: "nothing",
  async run({ stateDir }, environment) {
    const [refusal, disk] = await Promise.all([
      environment.tryWriting(stateDir),
      environment.ask(["df", "-Pk", stateDir]),
    ]);
    const free = disk?.code === 0 ? freeIn(disk.stdout) : undefined;
    return judgeStorage(stateDir, refusal, free, environment.root);
  },
};

/** Kilobytes that are left, by `df -Pk` (POSIX): the fourth column. */
function freeIn(text: string): number | undefined {
  const free = Number(text.trim().split("\n").at(-1)?.split(/\s+/).at(3));
  return Number.isFinite(free) ? free : undefined;
}

/** The history takes 1 MiB; a log or a package fills the rest quickly. */
const LITTLE_KB = 64 * 1024;

/** `refusal`: why nothing could be written, in words; `free`: kilobytes. */
export function judgeStorage(
  stateDir: string,
  refusal: string | undefined,
  free: number | undefined,
  root: boolean,
): readonly Finding[] {
  const left = free === undefined ? "" : `, ${Math.round(free / 1024)} MiB are free`;
  if (refusal !== undefined && !root) {
    return [unknown(`this user may not write to ${stateDir}${left}`, "sudo floatip doctor")];
  }
  if (refusal !== undefined) {
    return [problem(
      `${stateDir} cannot be written: ${refusal}`,
      "What happens is not remembered: floatip events stays empty. Addresses move all the same.",
      free === 0 ? `df -h ${stateDir}   # and make room` : `findmnt -T ${stateDir}`,
    )];
  }
  if (free !== undefined && free < LITTLE_KB) {
    return [warning(
      `little room is left for ${stateDir}: ${Math.round(free / 1024)} MiB`,
      "When it is full, what happens is not remembered.",
      `df -h ${stateDir}   # and make room`,
    )];
  }
  return [ok(`${stateDir} can be written${left}`)];
}
