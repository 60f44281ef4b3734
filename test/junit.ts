/** The figures and skipped names of a JUnit file of `deno test`. */

/** The sum of a run. */
export interface Tally {
  readonly passed: number;
  readonly failed: readonly FailedTest[];
  readonly skipped: readonly SkippedTest[];
}

/** A test that failed, or one whose step did. */
export interface FailedTest {
  readonly name: string;
  /** What it said, without the places in the code. */
  readonly message: string;
}

/** A test that did not run, and why. */
export interface SkippedTest {
  readonly name: string;
  readonly reason: string;
}

/**
 * Reads a JUnit document. `fallback` is the reason of skipped tests whose name does not end in
 * "[needs …]".
 */
export function readTally(xml: string, fallback: string): Tally {
  const cases = xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g);
  let passed = 0;
  const failed: FailedTest[] = [];
  const skipped: SkippedTest[] = [];
  for (const [, attributes = "", body = ""] of cases) {
    if (/<(?:failure|error)\b/.test(body)) failed.push(failedTest(attributes, body));
    else if (/<skipped\b/.test(body)) skipped.push(skippedTest(attributes, fallback));
    else passed++;
  }
  return { passed, failed, skipped };
}

/** Both together. */
export function add(a: Tally, b: Tally): Tally {
  return {
    passed: a.passed + b.passed,
    failed: [...a.failed, ...b.failed],
    skipped: [...a.skipped, ...b.skipped],
  };
}

/** Nothing ran. */
export const nothing: Tally = { passed: 0, failed: [], skipped: [] };

function failedTest(attributes: string, body: string): FailedTest {
  const message = unescape(/\bmessage="([^"]*)"/.exec(body)?.[1] ?? "").trim();
  return { name: nameIn(attributes), message };
}

function nameIn(attributes: string): string {
  return unescape(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "?");
}

function skippedTest(attributes: string, fallback: string): SkippedTest {
  const full = nameIn(attributes);
  const match = /^(.*?)\s*[[(](needs [^\])]+)[\])]$/.exec(full);
  return { name: match?.[1] ?? full, reason: match?.[2] ?? fallback };
}

function unescape(text: string): string {
  const characters: Readonly<Record<string, string>> = {
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    amp: "&",
  };
  return text.replaceAll(
    /&(?:#(\d+)|(\w+));/g,
    (whole, code, name) =>
      code === undefined ? characters[name] ?? whole : String.fromCodePoint(Number(code)),
  );
}
