/** The text format of Prometheus, version 0.0.4, which every collector reads. */

/** The Content-Type of an exposition. */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What a metric is called, how it moves, and what it says, in one sentence. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
}

/** The metric `floatip_NAME`. */
export function metric(type: Metric["type"], name: string, help: string): Metric {
  return { name: `floatip_${name}`, type, help };
}

/** How often a duration fell between which bounds. */
export interface HistogramReading {
  /** Upper bounds in seconds, each within its bucket, ascending. */
  readonly bounds: readonly number[];
  /** One for each bound, and a last one for what lies beyond; not cumulative. */
  readonly counts: readonly number[];
  /** Of all durations, in seconds. */
  readonly sum: number;
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

/** A metric that has one value for each `Of`; null: it has none at present. */
export interface ValueMetric<Of> {
  readonly metric: Metric;
  readonly value: (of: Of) => number | null;
}

/** Each of them with its labels, which formatLabels has written. */
export type Labelled<Of> = readonly (readonly [labels: string, of: Of])[];

/** `floatip_NAME`, which goes up and down. */
export function gauge<Of>(
  name: string,
  help: string,
  value: ValueMetric<Of>["value"],
): ValueMetric<Of> {
  return { metric: metric("gauge", name, help), value };
}

/** `floatip_NAME`, which only grows while the daemon runs; its name ends in _total. */
export function counter<Of>(
  name: string,
  help: string,
  value: ValueMetric<Of>["value"],
): ValueMetric<Of> {
  return { metric: metric("counter", name, help), value };
}

/** Every metric of `metrics`, with a sample for each of `all`. */
export function printValues<Of>(metrics: readonly ValueMetric<Of>[], all: Labelled<Of>): string {
  return [...valueParts(metrics, all)].join("");
}

/** The same, a metric after the other. */
export function* valueParts<Of>(
  metrics: readonly ValueMetric<Of>[],
  all: Labelled<Of>,
): Generator<string> {
  for (const { metric, value } of metrics) {
    const samples = all.flatMap(([labels, of]): readonly Sample<number>[] => {
      const found = value(of);
      return found === null ? [] : [[labels, found]];
    });
    yield printMetric(metric, samples);
  }
}
