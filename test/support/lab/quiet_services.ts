/** Installs packages without starting their services, by Debian's policy file. */
import { rmSync, writeFileSync } from "node:fs";

/** Where invoke-rc.d(8) and deb-systemd-invoke(1) look. */
const POLICY = "/usr/sbin/policy-rc.d";

/** "Action forbidden by policy." */
const FORBID = "#!/bin/sh\nexit 101\n";

/**
 * Runs `act` while no service starts because it was installed: tests want the programs, and a
 * server that nobody asked for would stay. A policy that is there already is left alone, and so is
 * everything where the file cannot be written.
 */
export async function withQuietServices<T>(act: () => Promise<T>, policy = POLICY): Promise<T> {
  const ours = lay(policy);
  try {
    return await act();
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

function lay(policy: string): boolean {
  try {
    writeFileSync(policy, FORBID, { mode: 0o755, flag: "wx" });
    return true;
  } catch {
    return false;
  }
}
