/** The text format of Prometheus, version 0.0.4, which every collector reads. */
import type { HistogramReading } from "./reading.ts";

/** The Content-Type of an exposition. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A client that asks again within this time gets the same answer, in milliseconds. */
export const FRESH_MS = 500;

/** The bytes of what `print` prints, which is called at most once in `ms` milliseconds. */
export function freshBytes(
  print: () => string,
  ms: number = FRESH_MS,
): () => Uint8Array<ArrayBuffer> {
  let printed: { readonly at: number; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;
  return () => {
    const now = performance.now();
    if (printed === undefined || now - printed.at >= ms) {
      printed = { at: now, bytes: new TextEncoder().encode(print()) };
    }
    return printed.bytes;
  };
}

/** What a metric is called, how it moves, and what it says, in one sentence. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
}

/** One value with its labels, which {@link formatLabels} has written. */
export type Sample<Value> = readonly [labels: string, value: Value];

/** `metric` with its samples; nothing where there are none. Lines end with a newline. */
export function printMetric(metric: Metric, samples: readonly Sample<number>[]): string {
  return header(metric, samples.map(([labels, value]) => line(metric.name, labels, value)));
}

/** The same of histograms: cumulative buckets, sum and count. */
export function printHistogram(
  metric: Metric,
  samples: readonly Sample<HistogramReading>[],
): string {
  return header(
    metric,
    samples.flatMap(([labels, reading]) => lines(metric.name, labels, reading)),
  );
}

/**
 * `a="1",b="two"`, as it stands between braces; a label whose value is empty is left out, which
 * means the same.
 */
export function formatLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}="${escape(value).replaceAll('"', '\\"')}"`)
    .join(",");
}

/** Two written groups of labels as one. */
export function joinLabels(a: string, b: string): string {
  return a === "" || b === "" ? `${a}${b}` : `${a},${b}`;
}

function header({ name, type, help }: Metric, samples: readonly string[]): string {
  if (samples.length === 0) return "";
  return `# HELP ${name} ${escape(help)}\n# TYPE ${name} ${type}\n${samples.join("")}`;
}

function lines(name: string, labels: string, reading: HistogramReading): readonly string[] {
  let count = 0;
  const buckets = reading.counts.map((more, index) => {
    count += more;
    const le = `le="${reading.bounds[index] ?? "+Inf"}"`;
    return line(`${name}_bucket`, joinLabels(labels, le), count);
  });
  // Nanoseconds are enough: the rest is what binary fractions add.
  const sum = Number(reading.sum.toFixed(9));
  return [...buckets, line(`${name}_sum`, labels, sum), line(`${name}_count`, labels, count)];
}

function line(name: string, labels: string, value: number): string {
  return labels === "" ? `${name} ${value}\n` : `${name}{${labels}} ${value}\n`;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
