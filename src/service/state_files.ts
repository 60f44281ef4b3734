/** What a daemon reads that another one left, and leaves itself: files that may fail without its ending. */
import { systemMessage } from "../error.ts";
import type { DaemonOptions } from "../daemon/daemon.ts";
import { maintenancePath, readMaintenance, writeMaintenance } from "./maintenance_file.ts";
import { readResumeState, writeResumeState } from "./resume_file.ts";
import type { Journal } from "./log.ts";

/** The four options that the daemon takes of them. */
export type Kept = Pick<
  DaemonOptions,
  "resume" | "saveResume" | "maintenance" | "saveMaintenance"
>;

/** What is kept in `runDir` and `stateDir`; what fails is told once. */
export function kept(runDir: string, stateDir: string, journal: Journal): Kept {
  let complained = false;
  let last: string | undefined;
  const complain = (words: string) => journal.write("warning", words);
  return {
    resume: readResumeState(runDir, complain),
    saveResume: (note) => {
      try {
        last = writeResumeState(runDir, note, last);
        complained = false;
      } catch (error) {
        last = undefined;
        if (!complained) complain(`a restart will be noticed: ${systemMessage(error)}`);
        complained = true;
      }
    },
    maintenance: readMaintenance(stateDir, complain),
    saveMaintenance: (maintenance) => {
      try {
        writeMaintenance(stateDir, maintenance);
        return undefined;
      } catch (error) {
        const why = `${maintenancePath(stateDir)} cannot be written: ${systemMessage(error)}`;
        complain(why);
        return why;
      }
    },
  };
}
