/** How do lines become statements with blocks? Braces nest, wherever they stand on a line. */
import { piecesOf, wordsOf } from "./lexer.ts";
import { type ExpandedLine, type FileLine, refuse, type Statement } from "./statement.ts";

/** Deeper blocks are no keepalived.conf: its deepest is five. */
const DEEPEST = 16;

/** Keywords that stand at the root only: one of them inside a block means that a brace is missing before it. */
const ROOTS: ReadonlySet<string> = new Set([
  "global_defs",
  "vrrp_instance",
  "vrrp_script",
  "vrrp_sync_group",
  "vrrp_track_process",
  "vrrp_track_file",
  "virtual_server",
  "virtual_server_group",
  "static_ipaddress",
  "static_routes",
  "static_rules",
  "bfd_instance",
  "garp_group",
]);

/** A statement whose block may still be filled. */
interface Growing extends Omit<Statement, "block"> {
  block: Growing[] | undefined;
}

interface Open {
  readonly statement: Growing;
  readonly block: Growing[];
  readonly place: FileLine;
}

/** The statements at the root. Throws MalformedError where the braces do not fit. */
export function parse(lines: readonly ExpandedLine[]): readonly Statement[] {
  const root: Growing[] = [];
  const open: Open[] = [];
  let order = 0;
  for (const { place, text, cut } of lines) {
    for (const piece of piecesOf(text, place)) {
      const block = open.at(-1)?.block ?? root;
      if (piece === "{") open.push(openBlock(block, open.length, { place, text }));
      else if (piece !== "}" || open.pop() === undefined) {
        // keepalived says "Extra '}' found" of one that closes nothing, and ignores it.
        block.push(toStatement(piece, { place, order: order++, cut }, open));
      }
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) missingBrace(unclosed, unclosed.place, "the end of the file");
  return root;
}

function toStatement(
  text: string,
  rest: Pick<Statement, "place" | "order" | "cut">,
  open: readonly Open[],
): Growing {
  const [first = text, ...more] = wordsOf(text);
  const inside = open.at(-1);
  if (inside !== undefined && ROOTS.has(first)) missingBrace(inside, rest.place, first);
  return { ...rest, text, words: [first, ...more], block: undefined };
}

function openBlock(
  block: Growing[],
  depth: number,
  { place, text }: Pick<ExpandedLine, "place" | "text">,
): Open {
  const statement = block.at(-1);
  if (statement?.text.endsWith("$") === true) notFilledIn(/\$\{[^}]{0,60}\}?/, text, place);
  if (statement === undefined || statement.block !== undefined) {
    if (text.includes("{{")) notFilledIn(/\{\{[^}]{0,60}\}{0,2}/, text, place);
    return refuse(
      place,
      "a { has no word in front of it",
      "A block needs to say what it is.",
      "write the block's keyword before the brace, or remove the brace",
    );
  }
  if (depth >= DEEPEST) {
    refuse(
      place,
      `blocks stand in each other more than ${DEEPEST} deep`,
      "keepalived's language has no such blocks.",
      "look for a { without its }",
    );
  }
  statement.block = [];
  return { statement, block: statement.block, place };
}

/** Tutorials print `${NAME}` and `{{ name }}` for somebody to fill in. */
function notFilledIn(blank: RegExp, text: string, place: FileLine): never {
  return refuse(
    place,
    `${blank.exec(text)?.[0] ?? "$ {"} is not filled in`,
    "No line above defines it, and keepalived takes its brace for the begin of a block.",
    "write the value in its place, or import the file that the template is made into",
  );
}

function missingBrace({ statement, place: opened }: Open, place: FileLine, found: string): never {
  const where = opened.file === place.file ? `in line ${opened.line}` : `in ${opened.file}`;
  const atEnd = found === "the end of the file";
  return refuse(
    place,
    `${statement.words[0]} is opened ${where} and not closed before ${found}`,
    "What belongs to the block cannot be told; keepalived would read the rest as part of it, or skip it.",
    atEnd ? `close it with a }` : `write the missing } before line ${place.line}`,
  );
}
