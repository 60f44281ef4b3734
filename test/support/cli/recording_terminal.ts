/** A terminal of nobody, for commands that a test runs itself. */
import { plain, type Terminal } from "../../../src/cli/terminal.ts";

/** What a command wrote there, piece by piece. */
export interface RecordingTerminal extends Terminal {
  readonly written: string[];
  readonly errors: string[];
}

/** A pipe in the place of a terminal, where `changes` does not say otherwise. */
export function recordingTerminal(changes: Partial<Terminal> = {}): RecordingTerminal {
  const written: string[] = [], errors: string[] = [];
  return {
    interactive: false,
    paint: plain,
    size: () => ({ columns: 80, rows: 24 }),
    control: (sequence) => sequence,
    closed: false,
    ...changes,
    out: (text) => void written.push(text),
    error: (text) => void errors.push(text),
    written,
    errors,
  };
}
