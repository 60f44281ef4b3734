/** What does `floatip release` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import { runDirFlag } from "../flags.ts";
import type { ReleaseFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip release`: hidden, for the unit. */
export const release = buildCommand<ReleaseFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).release),
  parameters: { flags: { runDir: runDirFlag } },
  docs: {
    brief: "Remove floating addresses that a dead daemon has left",
    fullDescription: [
      "For ExecStopPost= of the unit: does nothing where systemd is about to start the daemon again,",
      "which then goes on where the dead one was. By hand it removes whatever carries floatip's mark",
      "(`ip -d addr` shows it as proto 112) while no daemon is running.",
    ].join("\n"),
  },
});
