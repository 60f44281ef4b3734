/** The parser of the command line: its words for help and mistakes, whatever the commands are. */
import {
  type Application,
  buildApplication,
  buildRouteMap,
  type Command,
  text_en,
} from "@stricli/core";
import { VERSION } from "../version.ts";
import type { Context } from "./lazy.ts";
import { describeUsageError, didYouMean } from "./usage.ts";

/** What the list of commands says of the whole. */
interface Docs {
  readonly fullDescription?: string;
  readonly hideRoute?: Readonly<Record<string, boolean>>;
}

/** The commands with their parser, which calls none: it leaves the chosen one in the context. */
export function parserOf(
  commands: Readonly<Record<string, Command<Context>>>,
  docs: Docs = {},
): Application<Context> {
  return buildApplication(
    buildRouteMap<string, Context>({
      // Without a prototype: `floatip constructor` is an unknown command like any other.
      routes: Object.assign(Object.create(null), commands),
      docs: { brief: "One address that stays up when a machine does not", ...docs },
    }),
    {
      name: "floatip",
      versionInfo: { currentVersion: `floatip ${VERSION}` },
      scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
      documentation: { caseStyle: "convert-camel-to-kebab", onlyRequiredInUsageLine: false },
      localization: {
        text: {
          ...text_en,
          briefs: {
            ...text_en.briefs,
            help: "Print this help",
            version: "Print the version",
            argumentEscapeSequence: "What follows is not a flag, even if it begins with -",
          },
          noCommandRegisteredForInput: ({ input, corrections }) =>
            `there is no command ${JSON.stringify(input)}${didYouMean(corrections)}`,
          exceptionWhileParsingArguments: (error) => describeUsageError(error),
        },
      },
    },
  );
}
