/** Which checks does an instance depend on? What it and its sync group track, each with the weight that counts there. */
import { INSTANCE } from "../../config/tables/instance.ts";
import { accepts } from "../../config/tables/types.ts";
import { writeValue } from "../../config/toml_text.ts";
import type { ScriptUser } from "./commands.ts";
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import type { TableNames, TomlEntry } from "./toml.ts";
import {
  fileEntries,
  processEntries,
  scriptEntries,
  type Tracker,
  type Weighing,
  weighingOf,
} from "./trackers.ts";
import {
  altered,
  carried,
  changed,
  type Directives,
  type ImportContext,
  needless,
  type Translation,
  unsupported,
} from "./translation.ts";

/** Everything that can be tracked, and where its checks are collected. */
export interface Trackable {
  readonly trackers: readonly Tracker[];
  readonly names: TableNames;
  readonly runner: ScriptUser;
  /** Trackers that were asked for what they look at, successfully or not. */
  readonly used: Set<Tracker>;
  readonly context: ImportContext;
}

/** Who tracks. */
export interface Tracking {
  /** The instance's own interface; of a group those of all members. */
  readonly own: readonly string[];
  /** Priority 255: it never changes. */
  readonly owner: boolean;
  /** Tracked by an instance of a sync group, by the group for all of its members, or by an instance alone. */
  readonly by: "alone" | "member" | "group";
}

/** Blocks that say what is tracked, and what kind of definition their entries name. */
const KINDS: Readonly<Record<string, Tracker["kind"] | undefined>> = {
  track_interface: undefined,
  track_script: "script",
  track_process: "process",
  track_file: "file",
};

/** The keywords of blocks that say what is tracked. */
export const TRACKS: readonly string[] = Object.keys(KINDS);

/** The names of the checks that the blocks of `bag` ask for; every entry is judged. */
export function checksOf(
  directives: Directives,
  tracking: Tracking,
  able: Trackable,
): readonly string[] {
  const { report } = able.context;
  const checks = TRACKS.flatMap((keyword) =>
    (directives.get(keyword) ?? []).flatMap((block) => {
      report(block, carried(undefined));
      const entries = block.block ?? [];
      return entries.map((entry, index) => {
        const first = entries.findIndex((other) => keywordOf(other) === keywordOf(entry));
        if (first === index) return takeEntry(entry, keyword, tracking, able);
        report(entry, changed("it stands there already, and keepalived takes the first"));
        return undefined;
      });
    })
  );
  return [...new Set(checks.filter((name) => name !== undefined))];
}

/** The check for one entry; undefined: there is none, and the entry says why. */
function takeEntry(
  entry: Statement,
  keyword: string,
  tracking: Tracking,
  able: Trackable,
): string | undefined {
  const { report } = able.context;
  const name = keywordOf(entry);
  const tracker = keyword === "track_interface" ? undefined : trackerOf(entry, keyword, able);
  if (tracker === null) return undefined;
  const asked = askedFor(entry, tracker, able);
  if (tracker === undefined && tracking.own.includes(name)) {
    report(entry, carried(undefined, "floatip watches an instance's own interface anyway"));
    return undefined;
  }
  const { weighing, translation } = withinReach(asked, keyword, tracking);
  if (translation !== undefined) report(entry, translation);
  if (weighing === undefined) return undefined;
  const entries = entriesOf(entry, tracker, weighing, able);
  if (entries === undefined) {
    if (tracker === undefined) return undefined;
    const translation = unsupported("what it asks cannot be carried over", "see its lines");
    report(tracker.statement, translation);
    report(entry, { ...translation, why: "what it names cannot be carried over" });
    return undefined;
  }
  // Turned round, up counts as down: what was added is taken away, and the other way round.
  const weight = weighing.reverse ? -weighing.weight : weighing.weight;
  const all: readonly TomlEntry[] = weight === 0 ? entries : [...entries, ["weight", weight]];
  const hint = weight === 0 ? "fault" : weight < 0 ? `minus${-weight}` : `plus${weight}`;
  const place = tracker?.statement.place ?? entry.place;
  const check = able.names.nameOf(name, all, place, hint);
  report(entry, carried(`checks = [${writeValue(check)}]`));
  if (tracker !== undefined) report(tracker.statement, carried(`[check.${check}]`));
  return check;
}

/** What an entry names; null: nothing that keepalived knows in this place. */
function trackerOf(entry: Statement, keyword: string, able: Trackable): Tracker | null {
  const kind = KINDS[keyword];
  const name = keywordOf(entry);
  const found = able.trackers.find((tracker) => tracker.kind === kind && tracker.name === name);
  if (found !== undefined && found.statement.order < entry.order) return found;
  const { report } = able.context;
  if (found === undefined) {
    report(
      entry,
      unsupported(`nothing defines ${name}, and keepalived ignores it`, "define it, or remove it"),
    );
    return null;
  }
  report(
    entry,
    unsupported(
      `keepalived ignores it: it knows only what stands above, and ${name} is defined below`,
      `move the definition above (line ${found.statement.place.line}), and import again`,
    ),
  );
  return null;
}

/** The weight that counts here: the entry's own, else the one of the definition. */
function askedFor(entry: Statement, tracker: Tracker | undefined, able: Trackable): Weighing {
  const { weight, reverse }: Weighing = tracker ?? { weight: 0, reverse: false };
  const words = argumentsOf(entry);
  const { report } = able.context;
  const weighted = words[0] === "weight";
  const direction = words[weighted ? 2 : 0];
  const unknown = words.slice((weighted ? 2 : 0) + (isDirection(direction) ? 1 : 0));
  if (unknown.length > 0) {
    report(entry, altered(`keepalived does not know ${unknown.join(" ")} here, and ignores it`));
  }
  const asked = { weight, reverse: turned(direction, reverse) };
  if (!weighted) return asked;
  const written = weighingOf(words.slice(1));
  if (written !== undefined) return { ...asked, weight: written.weight };
  report(entry, altered("its weight is not within -253 and 253: the definition's counts"));
  return { weight, reverse };
}

function isDirection(word: string | undefined): boolean {
  return word === "reverse" || word === "noreverse" || word === "no_reverse";
}

/** A direction stays as it is defined unless the entry says it. */
function turned(word: string | undefined, defined: boolean): boolean {
  if (word === "reverse") return true;
  return word === "noreverse" || word === "no_reverse" ? false : defined;
}

/** What keepalived makes of a weight where priorities must not move, and what floatip can make of it. */
function withinReach(
  asked: Weighing,
  keyword: string,
  { owner, by }: Tracking,
): { readonly weighing: Weighing | undefined; readonly translation?: Translation } {
  if (asked.weight === 0 || (!owner && by === "alone")) return { weighing: asked };
  if (by === "group") return { weighing: undefined, translation: GROUP_WEIGHT };
  if (keyword === "track_process" && by === "member" && !owner) {
    return { weighing: undefined, translation: GROUP_WEIGHT };
  }
  const who = owner ? "an owner's priority never changes" : "members of a group move together";
  // A file's weight of 1 is the one that it has without a word.
  const stripped = keyword === "track_interface"
    ? by === "member"
    : keyword === "track_file" && Math.abs(asked.weight) === 1;
  if (stripped) {
    const why = `${who}: keepalived drops the weight, so that down means fault`;
    return { weighing: { ...asked, weight: 0 }, translation: changed(why) };
  }
  return {
    weighing: undefined,
    translation: needless(`${who}: keepalived itself ignores what has a weight`),
  };
}

const GROUP_WEIGHT = unsupported(
  "floatip moves a group when a member cannot go on, not by weights",
  "a check without a weight in `checks` of each member: down then means fault, for the whole group",
);

function entriesOf(
  entry: Statement,
  tracker: Tracker | undefined,
  weighing: Weighing,
  able: Trackable,
): readonly TomlEntry[] | undefined {
  const { context, runner, used } = able;
  if (tracker === undefined) return interfaceEntries(entry, weighing, context);
  used.add(tracker);
  if (tracker.kind === "script") return scriptEntries(tracker, weighing, runner, context);
  if (tracker.kind === "process") return processEntries(tracker, weighing, context);
  return fileEntries(tracker, weighing, runner, context);
}

function interfaceEntries(
  entry: Statement,
  { reverse }: Weighing,
  { report }: ImportContext,
): readonly TomlEntry[] | undefined {
  const name = keywordOf(entry);
  if (!accepts(INSTANCE.interface.type, name)) {
    report(entry, unsupported("it is no name of an interface", "correct it"));
    return undefined;
  }
  if (reverse) {
    report(
      entry,
      unsupported("floatip has no check that is down because an interface is up", "a command"),
    );
    return undefined;
  }
  // keepalived is told by the kernel; floatip looks this often at what it was told.
  return [["interface", name], ["interval", "200ms"], ["fall", 1], ["rise", 1]];
}
