/** The checks of an instance: what it and its sync group track, with weights. */
import { INSTANCE } from "../../config/tables/instance.ts";
import { accepts } from "../../config/tables/types.ts";
import { writeValue } from "../../config/toml_text.ts";
import type { Block } from "./block.ts";
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
  type ImportContext,
  needless,
  type Translation,
  unsupported,
} from "./translation.ts";

/** All that can be tracked, and the collection of checks. */
export interface Trackable {
  readonly trackers: readonly Tracker[];
  readonly names: TableNames;
  readonly runner: ScriptUser;
  /** Trackers that are used. */
  readonly used: Set<Tracker>;
  readonly context: ImportContext;
}

/** The instance or group that tracks. */
export interface Tracking {
  /** The interface of the instance, or of all members of the group. */
  readonly own: readonly string[];
  /** Priority 255, which never changes. */
  readonly owner: boolean;
  /** An instance, an instance of a sync group, or the group for all of its members. */
  readonly by: "alone" | "member" | "group";
}

/** Blocks of tracked names, and the kind of definition that they name. */
const KINDS: Readonly<Record<string, Tracker["kind"] | undefined>> = {
  track_interface: undefined,
  track_script: "script",
  track_process: "process",
  track_file: "file",
};

/** The keywords of these blocks. */
export const TRACKS: readonly string[] = Object.keys(KINDS);

/** The names of the checks for these blocks. */
export function checksOf(block: Block, tracking: Tracking, able: Trackable): readonly string[] {
  const { report } = able.context;
  const checks = TRACKS.flatMap((keyword) =>
    block.all(keyword).flatMap((list) => {
      report(list, carried(undefined));
      const entries = list.block ?? [];
      return entries.map((entry, index) => {
        const first = entries.findIndex((other) => keywordOf(other) === keywordOf(entry));
        if (first === index) return takeEntry(entry, keyword, tracking, able);
        report(entry, changed("it is there already, and keepalived takes the first"));
        return undefined;
      });
    })
  );
  return [...new Set(checks.filter((name) => name !== undefined))];
}

/** The check for one entry; undefined: none, and its note says why. */
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
    report(entry, carried(undefined, "floatip always watches the interface of an instance"));
    return undefined;
  }
  const { weighing, translation } = withinReach(asked, keyword, tracking);
  if (translation !== undefined) report(entry, translation);
  if (weighing === undefined) return undefined;
  const entries = entriesOf(entry, tracker, weighing, able);
  if (entries === undefined) {
    if (tracker === undefined) return undefined;
    const translation = unsupported("its test cannot be carried over", "see its lines");
    report(tracker.statement, translation);
    report(entry, { ...translation, why: "the test that it names cannot be carried over" });
    return undefined;
  }
  // Reversed: up counts as down, so the sign of the weight changes.
  const weight = weighing.reverse ? -weighing.weight : weighing.weight;
  const all: readonly TomlEntry[] = weight === 0 ? entries : [...entries, ["weight", weight]];
  const hint = weight === 0 ? "fault" : weight < 0 ? `minus${-weight}` : `plus${weight}`;
  const place = tracker?.statement.place ?? entry.place;
  const check = able.names.nameOf(name, all, place, hint);
  report(entry, carried(`checks = [${writeValue(check)}]`));
  if (tracker !== undefined) report(tracker.statement, carried(`[check.${check}]`));
  return check;
}

/** The tracker that an entry names; null: none that keepalived knows here. */
function trackerOf(entry: Statement, keyword: string, able: Trackable): Tracker | null {
  const kind = KINDS[keyword];
  const name = keywordOf(entry);
  const found = able.trackers.find((tracker) => tracker.kind === kind && tracker.name === name);
  if (found !== undefined && found.statement.order < entry.order) return found;
  const { report } = able.context;
  if (found === undefined) {
    report(
      entry,
      unsupported(`${name} is not defined, and keepalived ignores it`, "define it, or remove it"),
    );
    return null;
  }
  report(
    entry,
    unsupported(
      `keepalived ignores it: ${name} is defined below, and it knows only earlier definitions`,
      `move the definition (line ${found.statement.place.line}) above, and import again`,
    ),
  );
  return null;
}

/** The weight of the entry, else that of the definition. */
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
  report(entry, altered("its weight is not from -253 to 253: that of the definition counts"));
  return { weight, reverse };
}

function isDirection(word: string | undefined): boolean {
  return word === "reverse" || word === "noreverse" || word === "no_reverse";
}

/** The direction of the entry, else that of the definition. */
function turned(word: string | undefined, defined: boolean): boolean {
  if (word === "reverse") return true;
  return word === "noreverse" || word === "no_reverse" ? false : defined;
}

/** The weight as keepalived uses it where priorities must not change. */
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
  const cause = owner
    ? "the priority of an owner never changes"
    : "members of a group move together";
  // The default weight of a file is 1.
  const stripped = keyword === "track_interface"
    ? by === "member"
    : keyword === "track_file" && Math.abs(asked.weight) === 1;
  if (stripped) {
    const why = `${cause}: keepalived drops the weight, and down means fault`;
    return { weighing: { ...asked, weight: 0 }, translation: changed(why) };
  }
  return {
    weighing: undefined,
    translation: needless(`${cause}: keepalived ignores entries with a weight`),
  };
}

const GROUP_WEIGHT = unsupported(
  "floatip moves a group when a member fails, not by weights",
  "a check without a weight in `checks` of each member: down then means fault of the whole group",
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
    report(entry, unsupported("it is not an interface name", "correct it"));
    return undefined;
  }
  if (reverse) {
    report(
      entry,
      unsupported("floatip has no check that is down because an interface is up", "a command"),
    );
    return undefined;
  }
  // The kernel notifies keepalived; checks of floatip are periodic.
  return [["interface", name], ["interval", "200ms"], ["fall", 1], ["rise", 1]];
}
