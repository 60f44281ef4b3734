/** The path of the history. */

/** The state directory when nobody says otherwise. */
export const DEFAULT_STATE_DIR = "/var/lib/floatip";

/** The history file of the state directory `stateDir`. */
export function historyPath(stateDir: string): string {
  return `${stateDir.replace(/(?<=.)\/+$/, "")}/history.jsonl`;
}
