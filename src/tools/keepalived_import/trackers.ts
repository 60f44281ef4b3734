/** What can an instance track? Scripts, processes and files with a name each, and the weight that they say themselves. */
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import { directivesOf, lastOf, valueOf, wholeNumberIn } from "./values.ts";
import { altered, carried, type Report, reportAll, unsupported } from "./translation.ts";

/** How much something counts. */
export interface Weighing {
  /** Added to the priority; 0: down means fault. */
  readonly weight: number;
  /** Up counts as down, and the other way round. */
  readonly reverse: boolean;
}

/** A vrrp_script, vrrp_track_process or track_file. */
export interface Tracker extends Weighing {
  readonly kind: "script" | "process" | "file";
  readonly name: string;
  readonly statement: Statement;
}

/** The blocks that define trackers, what they define, and their weight where the block does not say. */
const KINDS: Readonly<Record<string, readonly [kind: Tracker["kind"], weight: number]>> = {
  vrrp_script: ["script", 0],
  vrrp_track_process: ["process", 0],
  track_file: ["file", 1],
  vrrp_track_file: ["file", 1],
};

/** Does the statement at the root define a tracker? */
export function isTracker(statement: Statement): boolean {
  return Object.hasOwn(KINDS, keywordOf(statement));
}

/** The largest weight that counts; keepalived takes larger ones of a definition all the same. */
const MOST = 253;

/** A weight as written behind its keyword, `-20` or `-20 reverse`; undefined: it is none. */
export function weighingOf(words: readonly string[], most = MOST): Weighing | undefined {
  const weight = wholeNumberIn(words[0], -most, most);
  return weight === undefined ? undefined : { weight, reverse: words[1] === "reverse" };
}

/** Every tracker of the file, in its order. Of two with one name keepalived takes the first: the others are judged here. */
export function trackersOf(root: readonly Statement[], report: Report): readonly Tracker[] {
  const trackers: Tracker[] = [];
  for (const statement of root.filter(isTracker)) {
    const tracker = toTracker(statement, report);
    const first = trackers.find(({ kind, name }) =>
      kind === tracker?.kind && name === tracker.name
    );
    if (tracker === undefined) {
      reportAll(statement, unsupported("it has no name or no block", "give it both"), report);
    } else if (first !== undefined) {
      const { file, line } = first.statement.place;
      const why = `${first.name} stands in ${file}:${line} already, and keepalived takes the first`;
      reportAll(statement, altered(why), report);
    } else trackers.push(tracker);
  }
  return trackers;
}

function toTracker(statement: Statement, report: Report): Tracker | undefined {
  const name = valueOf(statement);
  const [kind, fallback] = isTracker(statement) ? KINDS[keywordOf(statement)] ?? [] : [];
  if (name === undefined || kind === undefined || statement.block === undefined) return undefined;
  const weighing = weighingIn(statement.block, report);
  return { kind, name, statement, weight: fallback ?? 0, reverse: false, ...weighing };
}

/** The weight that a definition says for whoever tracks it; undefined: none, or one that is none. */
function weighingIn(block: readonly Statement[], report: Report): Weighing | undefined {
  const written = lastOf(directivesOf(block), "weight", report);
  if (written === undefined) return undefined;
  const asked = weighingOf(argumentsOf(written), 2 ** 31 - 1);
  if (asked === undefined) {
    report(written, altered("it is no whole number: it does not count"));
    return undefined;
  }
  const weight = Math.max(-MOST, Math.min(MOST, asked.weight));
  const to = weight === 0 ? undefined : `weight = ${asked.reverse ? -weight : weight}`;
  report(written, weight === asked.weight ? carried(to) : altered(`weights end at ${MOST}`, to));
  return { ...asked, weight };
}
