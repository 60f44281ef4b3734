/** Wrong arguments in one sentence: the parser's errors in our words. */
import { messageOf } from "../error.ts";
import {
  AliasNotFoundError,
  ArgumentParseError,
  EnumValidationError,
  FlagNotFoundError,
  InvalidNegatedFlagSyntaxError,
  UnexpectedFlagError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
} from "@stricli/core";
import { nearestWord } from "../config/did_you_mean.ts";

/** ": did you mean status?", or nothing where nothing is near. */
export function didYouMean(nearest: readonly string[]): string {
  if (nearest.length === 0) return "";
  const last = nearest.at(-1);
  const before = nearest.slice(0, -1).join(", ");
  return `: did you mean ${before === "" ? last : `${before} or ${last}`}?`;
}

/** A sentence without a full stop for whatever the parser found wrong. */
export function describeUsageError(error: unknown): string {
  // By class and not by name: names do not survive a bundler.
  if (error instanceof FlagNotFoundError) {
    const nearest = error.corrections.map((name) => `--${name}`);
    return `there is no flag --${error.input}${didYouMean(nearest)}`;
  }
  if (error instanceof AliasNotFoundError) return `there is no flag -${error.input}`;
  if (error instanceof EnumValidationError) {
    const { externalFlagName, input, values } = error;
    const meant = nearestWord(input, values);
    const hint = didYouMean(meant === undefined ? [] : [meant]);
    const known = values.join(", ");
    return `--${externalFlagName} is one of ${known}, not ${JSON.stringify(input)}${hint}`;
  }
  if (error instanceof UnsatisfiedFlagError) return `--${error.externalFlagName} needs a value`;
  if (error instanceof UnexpectedFlagError) return `--${error.externalFlagName} was given twice`;
  if (error instanceof InvalidNegatedFlagSyntaxError) {
    return `--${error.externalFlagName} takes no value`;
  }
  if (error instanceof UnexpectedPositionalError) {
    return `one argument too many: ${JSON.stringify(error.input)}`;
  }
  if (error instanceof UnsatisfiedPositionalError) return `${error.placeholder} is missing`;
  if (error instanceof ArgumentParseError) {
    const { externalFlagNameOrPlaceholder, input, exception } = error;
    const why = messageOf(exception);
    // A placeholder of an argument is written in capitals, a flag never.
    const isFlag = externalFlagNameOrPlaceholder !== externalFlagNameOrPlaceholder.toUpperCase();
    return `${isFlag ? "--" : ""}${externalFlagNameOrPlaceholder} ${JSON.stringify(input)}: ${why}`;
  }
  return messageOf(error);
}
