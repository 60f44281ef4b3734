/** What does `floatip runner` take? No person calls it: systemd does. */
import { buildCommand } from "@stricli/core";
import type { RunnerFlags } from "./run.ts";
import { configFlag } from "../flags.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip runner` */
export const runner = buildCommand<RunnerFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).runner),
  parameters: { flags: { config: configFlag }, aliases: { c: "config" } },
  docs: {
    brief: "Run the commands of checks and notifications for the daemon",
    fullDescription: [
      "The service has no right to run programs as other users, and sees neither the files nor the",
      "processes of this machine. What needs that is done by this program, which systemd starts for it:",
      "checks of commands, processes and files, and the commands of [notify]. It runs what the",
      "configuration file names, and nothing else. Requests come by standard input.",
    ].join("\n"),
  },
});
