/** Flags and help of `floatip stopping`, a hidden command for systemd. */
import { buildCommand } from "@stricli/core";
import { runDirFlag, textFlag } from "../flags.ts";
import type { StoppingFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip stopping` */
export const stopping = buildCommand<StoppingFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).stopping),
  parameters: {
    flags: {
      unit: textFlag("UNIT", "The unit that is being stopped (floatip.service)"),
      runDir: runDirFlag,
    },
  },
  docs: {
    brief: "Restart in place where systemd restarts the service",
    fullDescription: [
      "For ExecStop= of the unit. `systemctl restart` stops a service and starts it again. This",
      "tells the daemon beforehand, so that it leaves its addresses and the next process",
      "continues. With `systemctl stop` it does nothing, and the daemon stops in order.",
    ].join("\n"),
  },
});
