/** Flags and help of `floatip completions`. */
import { buildChoiceParser, buildCommand } from "@stricli/core";
import { type Shell, SHELLS } from "./scripts.ts";
import { choose, type Context } from "../lazy.ts";

/** `floatip completions` */
export const completions = buildCommand<Readonly<Record<never, never>>, [shell: Shell], Context>({
  func: choose(async () => (await import("./run.ts")).completions),
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [{
        parse: buildChoiceParser(SHELLS),
        proposeCompletions: (partial) => SHELLS.filter((shell) => shell.startsWith(partial)),
        placeholder: "SHELL",
        brief: SHELLS.join(", "),
      }],
    },
  },
  docs: {
    brief: "Print a completion script for a shell",
    fullDescription: [
      "Completes commands, flags and their values, and the names of instances and nodes in the",
      "configuration file. The packages install these scripts where the shells find them.",
      "",
      "EXAMPLES",
      '  eval "$(floatip completions bash)"                # in ~/.bashrc',
      '  eval "$(floatip completions zsh)"                 # in ~/.zshrc, after compinit',
      "  floatip completions fish | source                 # in ~/.config/fish/config.fish",
    ].join("\n"),
  },
});
