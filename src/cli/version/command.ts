/** Flags and help of `floatip version`. */
import { buildCommand } from "@stricli/core";
import { switchFlag } from "../flags.ts";
import type { VersionFlags } from "./run.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip version` */
export const version = buildCommand<VersionFlags, [], Context>({
  func: choose(async () => (await import("./run.ts")).version),
  parameters: { flags: { json: switchFlag("As one JSON document") } },
  docs: { brief: "Print the version of floatip and of what it runs on" },
});
