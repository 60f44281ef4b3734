/** What does `floatip reload` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import { jsonFlag, runDirFlag } from "../flags.ts";
import type { ReloadFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip reload` */
export const reload = buildCommand<ReloadFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).reload),
  parameters: {
    flags: { json: jsonFlag("The answer as one JSON document"), runDir: runDirFlag },
  },
  docs: {
    brief: "Have the daemon read its configuration file again",
    fullDescription: [
      "The daemon validates the whole file first. Where it is right, the difference is applied, and",
      "instances that did not change notice nothing. Where it is wrong, the problems are printed, the",
      "old configuration stays in force, and the exit code is 3.",
      "",
      "EXAMPLES",
      "  floatip reload",
      "  floatip check && floatip reload",
      "",
      "Next: `floatip status`.",
    ].join("\n"),
  },
});
