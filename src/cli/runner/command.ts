/** Flags and help of `floatip runner`, a hidden command for systemd. */
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
      "The service may not run programs as other users, and sees neither the files nor the",
      "processes of this machine. systemd starts this program for it, which runs checks of",
      "commands, processes and files, and the commands of [notify]. It runs only what the",
      "configuration file names. Requests come on standard input.",
    ].join("\n"),
  },
});
