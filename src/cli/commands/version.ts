/** What does `floatip version` take, and what does its help teach? */
import { buildCommand } from "@stricli/core";
import { jsonFlag } from "../flags.ts";
import type { VersionFlags } from "../version.ts";
import { choose, type Context } from "./choose.ts";

/** `floatip version` */
export const version = buildCommand<VersionFlags, [], Context>({
  func: choose(async () => (await import("../version.ts")).version),
  parameters: { flags: { json: jsonFlag("As one JSON document") } },
  docs: { brief: "Print the version of floatip and of what it runs on" },
});
