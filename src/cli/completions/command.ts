/** What does `floatip completions` take, and what does its help teach? */
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
    brief: "Print the script that makes a shell complete floatip's words",
    fullDescription: [
      "Commands, flags and their values are completed, and the names of instances and nodes as they",
      "stand in the configuration file. The packages bring these scripts to where the shells find them.",
      "",
      "EXAMPLES",
      '  eval "$(floatip completions bash)"                # in ~/.bashrc',
      '  eval "$(floatip completions zsh)"                 # in ~/.zshrc, after compinit',
      "  floatip completions fish | source                 # in ~/.config/fish/config.fish",
    ].join("\n"),
  },
});
