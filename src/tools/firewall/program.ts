/** How is another program asked? By a function that is handed in, so that what is asked can be tested without it. */

/** What a program said at its end. */
export interface ProgramOutput {
  /** Exit code; 124 where it was ended at its deadline. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program without a shell, with a deadline of its own. Undefined: there is no such program. Never rejects. */
export type RunProgram = (argv: readonly string[]) => Promise<ProgramOutput | undefined>;
