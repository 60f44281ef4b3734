/** What does every part of the importer need? The machine around it, and somebody who takes verdicts. */
import { nearest } from "../../config/did_you_mean.ts";
import { keywordOf, type Statement } from "./statement.ts";
import { type Report, type Translation, unsupported } from "./translation.ts";

/** What the machine that the file is imported on knows. */
export interface ImportEnvironment {
  /** The word that `@ID` lines are held against. */
  readonly nodeId: string;
  /** What relative paths are meant from, a whole path. */
  readonly workingFolder: string;
  /** The whole path of a program, by its name or path; undefined: it is not here. */
  findProgram(name: string): string | undefined;
  /** Is there a user of this name? */
  hasUser(name: string): boolean;
}

/** What the parts hand to each other. */
export interface ImportContext {
  readonly environment: ImportEnvironment;
  readonly report: Report;
  /** The verdict on a word that keepalived does not know in a place where it knows `known`. */
  readonly unknown: (statement: Statement, known: readonly string[]) => Translation;
}

/** Words that are looked up for what was probably meant; a file with more is none. */
const LOOKED_UP = 50;

/** The context of one import. */
export function openContext(environment: ImportEnvironment, report: Report): ImportContext {
  let lookedUp = 0;
  return {
    environment,
    report,
    unknown(statement, known) {
      const keyword = keywordOf(statement);
      const meant = lookedUp++ < LOOKED_UP ? nearest(keyword, known) : undefined;
      const correct = meant === undefined ? "remove it" : `write ${meant} if that was meant`;
      return unsupported("keepalived does not know this word here, and ignores it", correct);
    },
  };
}
