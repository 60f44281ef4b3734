/** Flags and help of `floatip reload`. */
import { buildCommand } from "@stricli/core";
import { runDirFlag, switchFlag } from "../flags.ts";
import type { ReloadFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip reload` */
export const reload = buildCommand<ReloadFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).reload),
  parameters: {
    flags: { json: switchFlag("The answer as one JSON document"), runDir: runDirFlag },
  },
  docs: {
    brief: "Have the daemon read its configuration file again",
    fullDescription: [
      "The daemon validates the whole file first. If it is valid, the difference is applied, and",
      "instances that did not change are not disturbed. If it is wrong, its problems are printed,",
      "the old configuration stays in force, and the exit code is 3.",
      "",
      "EXAMPLES",
      "  floatip reload",
      "  floatip check && floatip reload",
      "",
      "Next: `floatip status`.",
    ].join("\n"),
  },
});
