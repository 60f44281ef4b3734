/** Runs one command: parses, calls it, reports what failed, returns the exit code. */
import { type Application, run } from "@stricli/core";
import { messageOf } from "../error.ts";
import { EXIT, type ExitCode, Failure, formatFailure, formatFailureJson } from "./exit.ts";
import type { Context } from "./lazy.ts";
import { ProcessTerminal, type Terminal } from "./terminal.ts";

/**
 * Runs `command`, the whole of this process, which `args` chose. Never throws: every failure is one
 * sentence on standard error and a code.
 */
export async function runProcess(
  args: readonly string[],
  command: (terminal: Terminal) => Promise<ExitCode>,
): Promise<number> {
  const terminal = new ProcessTerminal();
  const crash = Promise.withResolvers<never>();
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    crash.reject(event.reason);
  });
  globalThis.addEventListener("error", (event) => {
    event.preventDefault();
    crash.reject(event.error);
  });
  try {
    return await Promise.race([command(terminal), crash.promise]);
  } catch (error) {
    return report(error, wantsJson(args), terminal);
  }
}

/**
 * Parses `args` and calls the command of `application` that they choose. Throws Failure, or
 * whatever the command throws.
 */
export async function callCommand(
  application: Application<Context>,
  args: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const complaints: string[] = [];
  const colour = terminal.paint("bold", "x") !== "x";
  const exit: { exitCode?: number | string | null } = {};
  const context: Context = {
    chosen: undefined,
    process: Object.assign(exit, {
      stdout: {
        write: (text: string) => terminal.out(text),
        getColorDepth: () => colour ? 8 : 1,
      },
      stderr: { write: (text: string) => void complaints.push(text.trimEnd()) },
    }),
  };
  await run(application, args, context);
  if (exit.exitCode !== 0) throw usageFailure(complaints, args, application);
  return context.chosen === undefined ? EXIT.ok : await context.chosen(terminal);
}

/** Tells people, or with `json` a program, about `error`; answers its exit code. */
function report(error: unknown, json: boolean, terminal: Terminal): ExitCode {
  const failure = error instanceof Failure ? error : unexpected(error);
  terminal.error(json ? formatFailureJson(failure) : formatFailure(failure));
  return failure.exit;
}

/** Wrong arguments, with the command whose help explains them. */
export function usageFailure(
  complaints: readonly string[],
  args: readonly string[],
  application: Application<Context>,
): Failure {
  const verb = isVerb(args[0], application) ? args[0] : "";
  const help = ["floatip", verb, "--help"].filter((word) => word !== "").join(" ");
  const sentence = complaints.join("; ") || "wrong arguments";
  return new Failure(EXIT.usage, sentence, `\`${help}\` explains it, with examples.`);
}

function isVerb(word: string | undefined, { root }: Application<Context>): boolean {
  return word !== undefined && "getAllEntries" in root &&
    root.getAllEntries().some((entry) => entry.name.original === word);
}

/** A mistake of ours, or a "no" of the machine that no command foresaw. */
function unexpected(error: unknown): Failure {
  const message = messageOf(error);
  const stack = error instanceof Error ? error.stack ?? "" : "";
  const hint = debugging()
    ? stack
    : "This is a bug: please report it, with the output of FLOATIP_DEBUG=1.";
  return new Failure(EXIT.failed, message === "" ? "unknown error" : message, hint);
}

function debugging(): boolean {
  try {
    return Deno.env.get("FLOATIP_DEBUG") === "1";
  } catch {
    return false;
  }
}

/** `--json` anywhere before `--`, also where the rest is not understood. */
function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end === -1 ? args.length : end).includes("--json");
}
