/** What a daemon reads that another one left, and leaves itself: files that may fail without its ending. */
import type { Maintenance } from "../daemon/order.ts";
import type { ResumeNote } from "../daemon/resume.ts";
import { maintenancePath, readMaintenance, writeMaintenance } from "../keeping/maintenance_file.ts";
import { readResumeNote, writeResumeNote } from "../keeping/resume_file.ts";
import type { Journal } from "./journal.ts";

/** The four answers that {@link ../daemon/daemon.ts} wants. */
export interface Kept {
  readonly note: ResumeNote | undefined;
  readonly keepNote: (note: ResumeNote) => void;
  readonly maintenance: Maintenance | undefined;
  readonly keepMaintenance: (maintenance: Maintenance | undefined) => string | undefined;
}

/** What is kept in `runDir` and `stateDir`; what fails is told once. */
export function kept(runDir: string, stateDir: string, journal: Journal): Kept {
  let complained = false;
  const complain = (words: string) => journal.write("warning", words);
  return {
    note: readResumeNote(runDir, complain),
    keepNote: (note) => {
      try {
        writeResumeNote(runDir, note);
        complained = false;
      } catch (error) {
        if (!complained) complain(`a restart will be noticed: ${wordsOf(error)}`);
        complained = true;
      }
    },
    maintenance: readMaintenance(stateDir, complain),
    keepMaintenance: (maintenance) => {
      try {
        writeMaintenance(stateDir, maintenance);
        return undefined;
      } catch (error) {
        const why = `${maintenancePath(stateDir)} cannot be written: ${wordsOf(error)}`;
        complain(why);
        return why;
      }
    },
  };
}

function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ \(os error \d+\).*$/s, "");
}
