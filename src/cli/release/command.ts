/** Flags and help of `floatip release`, a hidden command for systemd. */
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
      "For ExecStopPost= of the unit: does nothing where systemd starts the daemon again, which",
      "then continues where the last one ended. By hand it removes all addresses with floatip's",
      "mark (`ip -d addr` shows proto 112) while no daemon is running.",
    ].join("\n"),
  },
});
