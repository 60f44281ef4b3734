/** Which metrics have one value for each thing of a kind? A table of them, printed in one go. */
import { type Metric, printMetric, type Sample } from "./exposition.ts";

/** A metric and where its value stands in an `Of`; null: it has none at present. */
export interface Figure<Of> {
  readonly metric: Metric;
  readonly value: (of: Of) => number | null;
}

/** Each of them with its labels, which formatLabels has written. */
export type Labelled<Of> = readonly (readonly [labels: string, of: Of])[];

/** `floatip_NAME`, which goes up and down. */
export function gauge<Of>(name: string, help: string, value: Figure<Of>["value"]): Figure<Of> {
  return { metric: { name: `floatip_${name}`, type: "gauge", help }, value };
}

/** `floatip_NAME`, which only grows while the daemon runs; its name ends in _total. */
export function counter<Of>(name: string, help: string, value: Figure<Of>["value"]): Figure<Of> {
  return { metric: { name: `floatip_${name}`, type: "counter", help }, value };
}

/** Every figure of everything labelled. */
export function printFigures<Of>(figures: readonly Figure<Of>[], all: Labelled<Of>): string {
  return figures.map(({ metric, value }) => {
    const samples = all.flatMap(([labels, of]): readonly Sample<number>[] => {
      const found = value(of);
      return found === null ? [] : [[labels, found]];
    });
    return printMetric(metric, samples);
  }).join("");
}
