/** `floatip runner`: runs commands for the daemon, outside the service's sandbox. */
import { UNSEEN } from "../../config/credentials.ts";
import { load } from "../../config/load.ts";
import { serve } from "../../runner/serve.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip runner`. */
export interface RunnerFlags {
  readonly config?: string | undefined;
}

/**
 * `floatip runner`: serves the daemon at the other end of standard input and output until it hangs
 * up.
 */
export async function runner(_terminal: Terminal, flags: RunnerFlags): Promise<ExitCode> {
  const file = flags.config ?? DEFAULT_CONFIG_FILE;
  await serve({
    requests: Deno.stdin.readable,
    responses: Deno.stdout.writable,
    // Secrets are the daemon's: no command needs one.
    load: async () => {
      const loaded = await load(file, UNSEEN);
      return loaded.kind === "config" ? loaded.config : undefined;
    },
  });
  return EXIT.ok;
}
