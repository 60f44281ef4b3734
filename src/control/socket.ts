/** Unix sockets in the runtime directory, at which the daemon answers the other commands. */

/** Where systemd and people expect it; `--run-dir` names another. */
export const DEFAULT_RUN_DIR = "/run/floatip";

/** The control socket of the daemon that runs in `runDir`: for the daemon's own user and root. */
export function socketPath(runDir: string): string {
  return `${runDir}/control.sock`;
}

/**
 * The socket beside it at which the same is answered to the daemon's group too, but nothing is
 * ordered.
 */
export function readingSocketPath(runDir: string): string {
  return `${runDir}/status.sock`;
}
