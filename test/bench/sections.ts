/** The sections of the table of moves, each measured with both programs in the same namespaces. */
import { Scene } from "../support/moves/scene.ts";
import {
  cutCable,
  freeze,
  handOver,
  killAndRestart,
  type Measure,
  murder,
  reload,
  startUp,
  terminate,
} from "./events.ts";
import { measureStrain, type Strain } from "./strain.ts";
import { type Line, ratio, spread } from "./table.ts";
import { type Program, PROGRAMS } from "./takeover.ts";

/** What sections are told. */
export interface SectionOptions {
  readonly runs: number;
}

interface Section {
  readonly title: string;
  readonly measure: Measure;
  /** Default: 1 s. */
  readonly intervalsMs?: readonly number[];
}

const EVENTS: Readonly<Record<string, Section>> = {
  cable: { title: "cable cut", measure: cutCable, intervalsMs: [1000, 100, 10] },
  sigterm: { title: "SIGTERM", measure: terminate },
  sigkill: { title: "SIGKILL", measure: murder },
  restart: { title: "SIGKILL, started again by a supervisor", measure: killAndRestart },
  sigstop: { title: "SIGSTOP for 5 s, SIGCONT", measure: freeze },
  handover: { title: "handover", measure: handOver },
  reload: { title: "reload that adds an address", measure: reload },
  start: { title: "start", measure: startUp, intervalsMs: [100] },
};

const STRAIN_MS = 120_000;

/** Measures a section and yields its lines as soon as they are known. */
type Run = (options: SectionOptions) => AsyncGenerator<Line>;

/** All sections by name, in the order in which they run. */
export const SECTIONS: Readonly<Record<string, Run>> = {
  ...Object.fromEntries(
    Object.entries(EVENTS).map((
      [name, section],
    ) => [name, (options) => runEvents(section, options)]),
  ),
  strain: runStrain,
};

async function* runEvents(
  { title, measure, intervalsMs = [1000] }: Section,
  { runs }: SectionOptions,
): AsyncGenerator<Line> {
  for (const intervalMs of intervalsMs) {
    await using scene = await Scene.open();
    const of = (program: Program) => measure(scene, { program, intervalMs }, runs);
    const [ours, theirs] = [await of("floatip"), await of("keepalived")];
    for (const figure of new Set([...ours.keys(), ...theirs.keys()])) {
      const event = `${title}, adverts of ${intervalMs} ms`;
      const values = { floatip: ours.get(figure) ?? [], keepalived: theirs.get(figure) ?? [] };
      yield { event, figure, ...values };
    }
  }
}

async function* runStrain(): AsyncGenerator<Line> {
  for (const policy of ["real-time", "ordinary"] as const) {
    const [ours, theirs] = await measureStrain(PROGRAMS, policy, STRAIN_MS);
    if (ours === undefined || theirs === undefined) return;
    const event = `stress-ng for ${STRAIN_MS / 1000} s, ${policy} scheduling, adverts of 100 ms`;
    const line = (figure: string, pick: (strain: Strain) => number): Line => ({
      ...{ event, figure },
      ...{ floatip: [pick(ours)], keepalived: [pick(theirs)] },
    });
    yield line("false takeovers", ({ falseTakeovers }) => falseTakeovers);
    yield line("longest time between adverts, ms", ({ longestGapMs }) => longestGapMs);
  }
}

/** A line for people, as soon as it is known. */
export function lineText(line: Line): string {
  const { event, figure, floatip, keepalived } = line;
  const compared = ratio(line) === "" ? "" : `, ratio ${ratio(line)}`;
  return `${event}: ${figure}: floatip ${spread(floatip)}, keepalived ${
    spread(keepalived)
  }${compared}`;
}
