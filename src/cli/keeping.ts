/** What does a daemon read that another one left, and leave itself? Files that may fail without its ending. */
import type { Maintenance } from "../daemon/maintenance.ts";
import type { ResumeNote } from "../daemon/resume.ts";
import { readMaintenance, writeMaintenance } from "../keeping/maintenance_file.ts";
import { readResumeNote, writeResumeNote } from "../keeping/resume_file.ts";
import type { Journal } from "./journal.ts";

/** The four answers that {@link ../daemon/daemon.ts} wants. */
export interface Kept {
  readonly note: ResumeNote | undefined;
  readonly keepNote: (note: ResumeNote) => void;
  readonly maintenance: Maintenance | undefined;
  readonly keepMaintenance: (maintenance: Maintenance | undefined) => void;
}

/** What is kept in `runDir` and `stateDir`; what fails is told once. */
export function kept(runDir: string, stateDir: string, journal: Journal): Kept {
  let complained = false;
  const complain = (words: string) => journal.write("warning", words);
  return {
    note: readResumeNote(runDir),
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
      } catch (error) {
        complain(`maintenance will not survive a restart: ${wordsOf(error)}`);
      }
    },
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
