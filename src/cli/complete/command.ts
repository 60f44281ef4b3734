/** Flags and help of `floatip complete`, a hidden command for the scripts of the shells. */
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
