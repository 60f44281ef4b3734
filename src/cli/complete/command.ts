/** What does `floatip complete` take? No person types it: the shells' scripts do. */
import { buildCommand } from "@stricli/core";
import { text } from "../flags.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip complete` */
export const complete = buildCommand<Readonly<Record<never, never>>, string[], Context>({
  func: choose(async () => (await import("./run.ts")).complete),
  parameters: {
    positional: { kind: "array", parameter: { parse: text, placeholder: "WORD", brief: "A word" } },
  },
  docs: { brief: "Propose words for a shell's completion" },
});
