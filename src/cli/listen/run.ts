/** `floatip listen`: the VRRP on the LAN, decoded live. */
import { toMilliseconds } from "../../time.ts";
import type { Nanoseconds } from "../../time.ts";
import { decodeFrame } from "../../wire/frame.ts";
import { DEFAULT_UDP_PORT } from "../../wire/vrrp.ts";
import { capabilityHint, missingCapabilities, purposesOf } from "../../capabilities.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { hiddenJson, hiddenLine, sightingJson, sightingLines, summaryLines } from "./text.ts";
import { capture } from "../machine.ts";
import { Pace } from "./pace.ts";
import { type Sighting, Sightings } from "../../tools/listen/seen.ts";
import { Ending } from "../signals.ts";
import type { Terminal } from "../terminal.ts";

/**
 * More lines a second nobody reads, and a terminal is slow; programs take more. A sender's first
 * packet is shown in any case.
 */
const MOST_LINES = 40;
const MOST_OBJECTS = 1000;

/** Flags of `floatip listen`. */
export interface ListenFlags {
  readonly interface?: string | undefined;
  /** Adverts by UDP are looked for at this port; undefined: at floatip's usual one. */
  readonly port?: number | undefined;
  readonly json?: boolean | undefined;
  readonly for?: Nanoseconds | undefined;
}

/** `floatip listen`: until Ctrl-C, or the end of `--for`. */
export async function listen(terminal: Terminal, flags: ListenFlags): Promise<ExitCode> {
  demandCapability();
  const json = flags.json === true;
  const sightings = new Sightings();
  using ending = new Ending(flags.for === undefined ? undefined : toMilliseconds(flags.for));
  const ports = [flags.port ?? DEFAULT_UDP_PORT];
  const frames = await capture(flags.interface, ports, ending.signal);
  if (!json) terminal.error(`${greeting(flags)}\n`);
  const shown = new Pace(json ? MOST_OBJECTS : MOST_LINES);
  for await (const { frame, ...passed } of frames) {
    const decoded = decodeFrame(frame, ports);
    if (decoded.kind !== "vrrp") continue;
    const { ethernet, datagram } = decoded;
    const sighting = sightings.take({ ...passed, ethernet, datagram });
    tellHidden(terminal, shown.over(passed.at), json);
    if (shown.admits(sighting.first)) tell(terminal, sighting, json);
    if (terminal.closed) return EXIT.ok;
  }
  tellHidden(terminal, shown.rest(), json);
  const { paint } = terminal;
  if (!json) terminal.out(`${summaryLines(sightings.summaries(), paint).join("\n")}\n`);
  return EXIT.ok;
}

function tell(terminal: Terminal, sighting: Sighting, json: boolean): void {
  const now = new Date();
  const lines = json ? [sightingJson(sighting, now)] : sightingLines(sighting, now, terminal.paint);
  terminal.out(`${lines.join("\n")}\n`);
}

function tellHidden(terminal: Terminal, count: number, json: boolean): void {
  if (count === 0) return;
  terminal.out(`${json ? hiddenJson(count, new Date()) : hiddenLine(count, terminal.paint)}\n`);
}

function demandCapability(): void {
  const missing = missingCapabilities(["CAP_NET_RAW"]);
  if (missing.length === 0) return;
  const sentence = `this user may not ${purposesOf(missing)}`;
  throw new Failure(EXIT.notPermitted, sentence, capabilityHint(missing, "listen"));
}

function greeting({ interface: name, for: time }: ListenFlags): string {
  const where = name === undefined ? "all interfaces" : name;
  const end = time === undefined ? "Ctrl-C ends and sums up" : "sums up when the time is over";
  return `listening for VRRP on ${where}; ${end}`;
}
