/** Flags that several commands have, and the parsers of their values. */
import { DEFAULT_RUN_DIR } from "../control/socket.ts";
import { DEFAULT_STATE_DIR } from "../history/place.ts";
import { parseDuration, type WallTime } from "../time.ts";
import { DEFAULT_CONFIG_FILE } from "./configuration_file.ts";
import { type proposeInterfaces, proposeNodes } from "./names.ts";
import { parseSince } from "./since.ts";

/** Any text, as it is. */
export const text = (input: string): string => input;

/** A flag that is there or not; such as `--json`. */
export const switchFlag = (brief: string) =>
  ({ kind: "boolean", optional: true, withNegated: false, brief }) as const;

/** A flag with a value, such as `--port PORT`; `parse` throws SyntaxError. */
export const valueFlag = <T>(parse: (input: string) => T, placeholder: string, brief: string) =>
  ({ kind: "parsed", parse, optional: true, placeholder, brief }) as const;

/** Proposes what begins with a text. */
type Propose = typeof proposeNodes | typeof proposeInterfaces;

/** A flag whose value is any text; `proposeCompletions`: what it may be. */
export const textFlag = (placeholder: string, brief: string, proposeCompletions?: Propose) => ({
  ...valueFlag(text, placeholder, brief),
  ...(proposeCompletions === undefined ? {} : { proposeCompletions }),
});

/** One word behind a command that need not be there: any text; else as {@link textFlag}. */
export const optionalText = (placeholder: string, brief: string, proposeCompletions?: Propose) => {
  const { kind: _kind, ...word } = textFlag(placeholder, brief, proposeCompletions);
  return { kind: "tuple", parameters: [word] } as const;
};

/** A flag such as `--for 10s`: a duration, in nanoseconds. */
export const timeFlag = (brief: string) => valueFlag(parseTime, "TIME", brief);

/** --config FILE */
export const configFlag = textFlag("FILE", `The configuration file (${DEFAULT_CONFIG_FILE})`);

/** --run-dir DIR */
export const runDirFlag = textFlag(
  "DIR",
  `The runtime directory with the control socket (${DEFAULT_RUN_DIR})`,
);

/** --state-dir DIR */
export const stateDirFlag = textFlag(
  "DIR",
  `The state directory with the history (${DEFAULT_STATE_DIR})`,
);

/** --node NAME */
export const nodeFlag = textFlag(
  "NAME",
  "Which node of [nodes] this is (the one with an address of this machine)",
  proposeNodes,
);

/** A duration in nanoseconds: "10s". Throws SyntaxError. */
function parseTime(input: string): number {
  const time = parseDuration(input);
  if (time === undefined) throw new SyntaxError('write a number and a unit, such as "10s" or "2m"');
  return time;
}

/** A port: 1 to 65535. Throws SyntaxError. */
export function parsePort(input: string): number {
  const port = /^[1-9]\d{0,4}$/.test(input) ? Number(input) : NaN;
  if (port <= 65535) return port;
  throw new SyntaxError("write a number from 1 to 65535");
}

/** A point in time, or how long ago: "10m", "2026-11-21T03:04:05Z". Throws SyntaxError. */
export function parseMoment(input: string): WallTime {
  const moment = parseSince(input, Date.now() as WallTime);
  if (moment !== undefined) return moment;
  throw new SyntaxError(
    'write how long ago, such as "10m", or a time such as 2026-11-21T03:04:05Z',
  );
}
