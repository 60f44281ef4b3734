/** Where do the daemon and the other commands meet? A unix socket in the runtime directory. */

/** Where systemd and people expect it; `--run-dir` names another. */
export const DEFAULT_RUN_DIR = "/run/floatip";

/** The control socket of the daemon that runs in `runDir`. */
export function socketPath(runDir: string): string {
  return `${runDir}/control.sock`;
}
