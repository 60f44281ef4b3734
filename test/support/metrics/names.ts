/** Names of metrics, as Prometheus stores them and as expressions ask for them. */

/** The names of all series of an exposition: of a histogram its three. */
export function seriesNames(exposition: string): ReadonlySet<string> {
  const types = exposition.matchAll(/^# TYPE (\w+) (\w+)$/gm);
  return new Set(
    [...types].flatMap(([, name = "", type]) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [name]
    ),
  );
}

/** The metrics of floatip that `expression` names, each once. */
export function namesIn(expression: string): readonly string[] {
  return [...new Set(expression.match(/\bfloatip_\w+/g))];
}

/** The labels that `expression` selects or groups by, but `le` and those that Prometheus adds. */
export function labelsIn(expression: string): readonly string[] {
  const selected = [...expression.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, name]) => name);
  const grouped = [...expression.matchAll(/\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g)]
    .flatMap(([, list = ""]) => list.split(",").map((name) => name.trim()));
  const added = ["le", "job", "instance", "cluster"];
  return [...new Set([...selected, ...grouped])]
    .filter((name) => name !== undefined && !added.includes(name)) as string[];
}

/** The labels of all series of an exposition. */
export function labelNames(exposition: string): ReadonlySet<string> {
  return new Set([...exposition.matchAll(/[{,](\w+)="/g)].map(([, name = ""]) => name));
}
