/**
 * Interfaces of TypeScript as a list of fields: names, types and comments, read from the source.
 */
import { code, item, wrap } from "./markdown.ts";

/** An interface, or a type that is one of several texts. */
interface Declared {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly Field[];
}

interface Field {
  readonly name: string;
  /** "": it is one of several texts. */
  readonly type: string;
  readonly doc: string;
}

const DOC = String.raw`(?:/\*\*((?:(?!\*/)[\s\S])*)\*/\s*)?`;
const INTERFACE = new RegExp(`^${DOC}export interface (\\w+) \\{\\n([\\s\\S]*?)^\\}`, "gm");
const UNION = new RegExp(`^${DOC}export type (\\w+) =((?:\\s+${DOC}\\| "[^"]+")+);`, "gm");
const FIELD = new RegExp(
  `^  ${DOC}readonly (\\w+):\\s*([\\s\\S]*?);\\n(?=  (?:readonly|\\/\\*)|$)`,
  "gm",
);
const MEMBER = new RegExp(`${DOC}\\| "([^"]+)"`, "g");

/** What `source` declares, in its order. */
export function declarationsOf(source: string): readonly Declared[] {
  const interfaces = [...source.matchAll(INTERFACE)].map(([, doc, name = "", body = ""]) => ({
    name,
    doc: textOf(doc),
    fields: [...body.matchAll(FIELD)].map(([, about, field = "", type = ""]) => ({
      name: field,
      type: typeOf(type),
      doc: textOf(about),
    })),
  }));
  const unions = [...source.matchAll(UNION)].map(([, doc, name = "", body = ""]) => ({
    name,
    doc: textOf(doc),
    fields: [...body.matchAll(MEMBER)].map(([, about, member = ""]) => ({
      name: `"${member}"`,
      type: "",
      doc: textOf(about),
    })),
  }));
  return [...interfaces, ...unions];
}

/** The declarations called `names` as Markdown: a heading, what it is, its fields. */
export function printDeclarations(
  declared: readonly Declared[],
  names: readonly string[],
): readonly string[] {
  return names.flatMap((wanted) => {
    const found = declared.find(({ name }) => name === wanted);
    if (found === undefined) throw new Error(`there is no interface ${wanted}`);
    const fields = found.fields.map(({ name, type, doc }) => {
      const typed = type === "" ? "" : ` (${code(type)})`;
      return item(`${code(name)}${typed}${doc === "" ? "" : `: ${doc}`}`);
    });
    return [`## ${wanted}`, ...(found.doc === "" ? [] : [wrap(found.doc)]), fields.join("\n")];
  });
}

/** The text of a comment, on one line. */
function textOf(comment: string | undefined): string {
  return (comment ?? "").replaceAll(/\n\s*\*/g, "\n").replaceAll(/\{@link (\w+)\}/g, "`$1`")
    .replaceAll(/\s+/g, " ").trim();
}

/** A type as JSON knows it. */
function typeOf(type: string): string {
  return type.replaceAll("readonly ", "").replaceAll(
    "Readonly<Record<string, number>>",
    "object of numbers",
  )
    .replaceAll(/\s+/g, " ").replace(/^\| /, "").trim();
}
