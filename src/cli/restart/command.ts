/** Flags and help of `floatip restart`. */
import { buildCommand } from "@stricli/core";
import { runDirFlag, switchFlag } from "../flags.ts";
import type { RestartFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip restart` */
export const restart = buildCommand<RestartFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).restart),
  parameters: {
    flags: { json: switchFlag("The answer as one JSON document"), runDir: runDirFlag },
  },
  docs: {
    brief: "Restart the daemon in place: no packet is lost, no other node takes over",
    fullDescription: [
      "The daemon ends and leaves its addresses to their lease. systemd starts it again, and it",
      "continues as master before another node misses an advert. For upgrades, and for changes",
      "that a reload cannot apply. Needs a daemon that systemd started.",
      "",
      "EXIT CODES",
      "  0  a new daemon answers     1  it does not, or is not started again     4  not running",
      "",
      "EXAMPLES",
      "  floatip restart",
    ].join("\n"),
  },
});
