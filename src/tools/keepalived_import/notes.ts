/** The notes of the report: each directive, without secrets, and its translation. */
import { MASK, SECRET_WORD, withoutSecrets } from "../../config/secret.ts";
import { LVS_BLOCKS } from "./global_directives.ts";
import type { Condition, Inclusion } from "./expand.ts";
import type { GuessedValue } from "./macros.ts";
import { keywordOf, type Statement } from "./statement.ts";
import {
  altered,
  carried,
  changed,
  joined,
  needless,
  type Note,
  type Translation,
  unsupported,
} from "./translation.ts";

/** Longest directive that is shown, in characters. */
const LONGEST = 80;

/**
 * A note for every statement, in the order of the file; one for all blocks of the load balancer.
 */
export function statementNotes(
  root: readonly Statement[],
  translations: ReadonlyMap<Statement, Translation>,
): readonly Note[] {
  const lvs = root.filter((statement) => LVS_BLOCKS.has(keywordOf(statement)));
  const others = root.filter((statement) => !lvs.includes(statement));
  return [
    ...others.flatMap((statement) => notesOf(statement, translations, undefined)),
    ...balancerNote(lvs, translations),
  ];
}

function notesOf(
  statement: Statement,
  translations: ReadonlyMap<Statement, Translation>,
  outer: Translation | undefined,
): readonly Note[] {
  const own = translations.get(statement);
  const lost = outer?.outcome === "unsupported" && own?.outcome !== "unsupported";
  const translation = lost ? LOST : own ?? (outer?.outcome === "changed" ? LOST : GAP);
  const braces = translation.outcome === "unsupported"
    ? undefined
    : braceTranslation(statement, outer !== undefined);
  const judged = braces === undefined ? translation : joined(translation, braces);
  return [
    { ...judged, place: statement.place, directive: directiveOf(statement) },
    ...(statement.block ?? []).flatMap((inner) => notesOf(inner, translations, judged)),
  ];
}

/** Keywords that braces may follow. */
const BLOCKS: ReadonlySet<string> = new Set([
  ...["global_defs", "notification_email", "garp_group", "interfaces", "linkbeat_interfaces"],
  ...["interface_up_down_delays", "track_group", "group", "bfd_instance", "static_ipaddress"],
  ...["static_routes", "static_rules", "vrrp_instance", "vrrp_script", "vrrp_track_process"],
  ...["vrrp_sync_group", "track_file", "vrrp_track_file", "track_script", "track_process"],
  ...["track_interface", "track_bfd", "authentication", "auth_hmac", "unicast_peer"],
  ...["virtual_ipaddress", "virtual_ipaddress_excluded", "virtual_routes", "virtual_rules"],
]);

/** Keywords that need braces; `track_file` at the root has a name. */
const LISTS: ReadonlySet<string> = new Set([
  ...["notification_email", "track_group", "group", "static_ipaddress", "static_routes"],
  ...["static_rules", "track_file", "track_script", "track_process", "track_interface"],
  ...["track_bfd", "authentication", "auth_hmac", "unicast_peer", "virtual_ipaddress"],
  ...["virtual_ipaddress_excluded", "virtual_routes", "virtual_rules"],
]);

/** How keepalived reads missing braces, or words before them; undefined: neither. */
function braceTranslation(statement: Statement, inside: boolean): Translation | undefined {
  const keyword = keywordOf(statement);
  const { block, words } = statement;
  if (block !== undefined && !BLOCKS.has(keyword)) return NO_BLOCK;
  if (!LISTS.has(keyword) || (keyword === "track_file" && !inside)) return undefined;
  const given = words.slice(1).join(" ");
  if (block === undefined) {
    return unsupported(
      "its braces are missing: keepalived takes the lines up to the next } for its entries",
      `write ${keyword} { ${shorten(given === "" ? "..." : given)} }, and import again`,
    );
  }
  if (given === "") return undefined;
  return altered("keepalived ignores the words before the brace", undefined, "write them inside");
}

const NO_BLOCK = altered(
  "keepalived has no block here: it reads what follows the brace in another way",
  undefined,
  "remove the braces, and import again",
);

/** Nothing of its block is in the result. */
const LOST = needless("its block is not carried over");

/** An error of the importer, which translates every statement. */
const GAP = unsupported("the importer does not know it", "please report it");

function balancerNote(
  blocks: readonly Statement[],
  translations: ReadonlyMap<Statement, Translation>,
): readonly Note[] {
  const [first, ...more] = blocks;
  const translation = first && translations.get(first);
  if (first === undefined || translation === undefined) return [];
  const lines = more.slice(0, 8).map(({ place }) => place.line).join(", ");
  const dots = more.length > 8 ? ", ..." : "";
  const rest = more.length === 0 ? "" : ` (and ${more.length} more: line ${lines}${dots})`;
  return [{ ...translation, place: first.place, directive: `${directiveOf(first)}${rest}` }];
}

/** A note for each include: its files, and those that cannot be read. */
export function inclusionNotes(inclusions: readonly Inclusion[]): readonly Note[] {
  return inclusions.map(({ place, text, ...inclusion }) => ({
    ...inclusionTranslation(inclusion),
    place,
    directive: shorten(text),
  }));
}

function inclusionTranslation(
  { files, refused, nothing, quoted }: Omit<Inclusion, "place" | "text">,
): Translation {
  const [first] = refused;
  if (quoted && refused.length > 0) {
    return unsupported(
      "keepalived takes the quotes for a part of the name, and includes no file",
      "remove the quotes, and import again",
    );
  }
  if (first !== undefined) {
    return unsupported(
      `the file ${first.path} ${first.reason}: its content is not in the result`,
      "make it readable, and import again",
    );
  }
  if (nothing) return carried(undefined, "no file matches; keepalived ignores that too");
  return carried(undefined, `read: ${shorten(files.join(", "))}`);
}

/** A note for each macro whose value only keepalived knows. */
export function guessNotes(guesses: readonly GuessedValue[]): readonly Note[] {
  return guesses.map(({ place, text, value, why }) => ({
    ...altered(
      `${why}: it is replaced by ${value === "" ? "nothing" : value}`,
      undefined,
      "write the value in its place, and import again",
    ),
    place,
    directive: shorten(text),
  }));
}

/** A note for each ID after an `@` whose lines were left out. */
export function conditionNotes(conditions: readonly Condition[], nodeId: string): readonly Note[] {
  const ids = conditions.filter(({ negated, id }) => !negated && id !== "").map(({ id }) => id);
  const unknownNode = ids.length > 0 && !ids.includes(nodeId);
  return conditions.flatMap(({ id, negated, place, left }) => {
    if (place === undefined) return [];
    const lines = left === 1 ? "1 line" : `${left} lines`;
    const directive = `${shorten(`@${negated ? "^" : ""}${id}`)} (${lines})`;
    return [{ ...conditionTranslation(id, negated, nodeId, unknownNode), place, directive }];
  });
}

function conditionTranslation(
  id: string,
  negated: boolean,
  nodeId: string,
  unknownNode: boolean,
): Translation {
  if (id === "") {
    return unsupported(
      "a ! begins a comment: keepalived reads an @ without an ID, and ignores the line",
      "write @^ID for all nodes but ID, and import again",
    );
  }
  const here = `this import is for node ${nodeId}`;
  if (negated) return changed(`it is for all nodes but ${id}, and ${here}`);
  return unknownNode
    ? altered(
      `it is for node ${id}, and ${here}, which has no line`,
      undefined,
      `import with --node-id ${id} if that is this node`,
    )
    : changed(`it is for node ${id}, and ${here}`, undefined, `--node-id ${id} reads it`);
}

/** The statement on one line, with passwords masked. */
function directiveOf(statement: Statement): string {
  const [keyword, first, ...rest] = statement.words;
  // A misspelt auth_pass is followed by a password too.
  if (keyword === "auth_type" && first !== undefined) {
    return [keyword, shorten(first), ...rest.slice(0, 1).map(() => MASK)].join(" ");
  }
  if (SECRET_WORD.test(keyword) && first !== undefined) return `${shorten(keyword)} ${MASK}`;
  const text = statement.block === undefined ? statement.text : `${statement.text} { }`;
  return shorten(withoutSecrets(text));
}

function shorten(text: string): string {
  const plain = text.replace(/[\s\p{C}]+/gu, " ");
  const characters = [...plain];
  return characters.length <= LONGEST ? plain : `${characters.slice(0, LONGEST - 3).join("")}...`;
}
