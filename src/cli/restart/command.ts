/** What does `floatip restart` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import { jsonFlag, runDirFlag } from "../flags.ts";
import type { RestartFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip restart` */
export const restart = buildCommand<RestartFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).restart),
  parameters: {
    flags: { json: jsonFlag("The answer as one JSON document"), runDir: runDirFlag },
  },
  docs: {
    brief: "Restart the daemon in place: no packet is lost, no other node takes over",
    fullDescription: [
      "The daemon ends and leaves its addresses on their lease; systemd starts it again, and it goes",
      "on as master before any other node can have missed it. For upgrades, and for what a reload",
      "does not cover. Needs a daemon that systemd has started.",
      "",
      "EXIT CODES",
      "  0  a new daemon answers     1  it does not, or nothing would start it     4  not running",
      "",
      "EXAMPLES",
      "  floatip restart",
    ].join("\n"),
  },
});
