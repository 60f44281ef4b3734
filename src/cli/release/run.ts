/** `floatip release`: removes floating addresses that a dead daemon left here. */
import { HostError } from "../../host.ts";
import { formatPrefix } from "../../net/prefix.ts";
import { isRunDirLocked } from "../../control/run_dir_lock.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip release`. */
export interface ReleaseFlags {
  readonly runDir?: string | undefined;
}

/**
 * systemd's $SERVICE_RESULT (systemd.exec(5)) where nobody starts the service again: stopping it
 * took too long.
 */
const FINAL = "timeout";

/** `floatip release`: in ExecStopPost=, or by hand. */
export async function release(terminal: Terminal, flags: ReleaseFlags): Promise<ExitCode> {
  const result = Deno.env.get("SERVICE_RESULT");
  // After a crash systemd starts it again, in time to go on; after an orderly stop nothing is left.
  if (result !== undefined && result !== FINAL) return EXIT.ok;
  if (isRunDirLocked(flags.runDir ?? DEFAULT_RUN_DIR)) {
    const hint = "`floatip maintenance on` hands everything over.";
    throw new Failure(EXIT.failed, "the daemon is running, and needs the addresses", hint);
  }
  const { LinuxHost } = await import("../../linux/linux_host.ts");
  using host = new LinuxHost();
  host.fence.settle(undefined);
  const { links, addresses } = host.interfaces();
  for (const { index, prefix } of addresses.filter(({ ours }) => ours)) {
    const link = links.find((one) => one.index === index);
    if (link === undefined) continue;
    try {
      host.removeAddress({ interface: link.name, prefix });
      terminal.out(`removed ${formatPrefix(prefix)} from ${link.name}\n`);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      throw new Failure(EXIT.notPermitted, error.message, "Run it as root.");
    }
  }
  return EXIT.ok;
}
