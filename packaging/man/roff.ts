/** The requests of man(7) that our pages need, and text that man(1) shows as it is. */

/** Columns of a line in a page's source: mandoc's lint asks for at most 80. */
const COLUMNS = 78;

/** A page of `parts`: long lines folded, no paragraph begun twice. Ends with a line break. */
export function page(...parts: readonly string[]): string {
  const lines = parts.join("\n").split("\n");
  const single = lines.filter((line, index) =>
    line !== ".PP" || !/^\.(S[HS] |PP$)/.test(lines[index - 1] ?? "")
  );
  return `${fold(single).join("\n")}\n`;
}

/** Breaks lines at spaces, but for requests and what stands between .nf and .fi. */
function fold(lines: readonly string[]): readonly string[] {
  let filled = true;
  return lines.flatMap((line) => {
    if (line === ".nf" || line === ".fi") filled = line === ".fi";
    return filled && !line.startsWith(".") ? foldLine(line) : [line];
  });
}

function foldLine(line: string): readonly string[] {
  if (line.length <= COLUMNS) return [line];
  const space = line.lastIndexOf(" ", COLUMNS);
  const at = space > 0 ? space : line.indexOf(" ", COLUMNS);
  return at === -1 ? [line] : [line.slice(0, at), ...foldLine(guard(line.slice(at + 1)))];
}

/** `text` in a running line: what roff would obey is made harmless, and `code` is set in bold. */
export function inline(text: string): string {
  const parts = text.split("`").map((part, index) => index % 2 === 1 ? bold(part) : escape(part));
  return guard(parts.join(""));
}

/** `text` in bold. */
export function bold(text: string): string {
  return `\\fB${escape(text)}\\fR`;
}

/** `text` in italics, for what stands for something else. */
export function italic(text: string): string {
  return `\\fI${escape(text)}\\fR`;
}

/** The first lines of a page: its head, and no words cut or blanks stretched. `epoch`: its date, in seconds since 1970. */
export function title(name: string, section: number, version: string, epoch: number): string {
  const date = new Date(epoch * 1000).toISOString().slice(0, 10);
  return `.TH ${name.toUpperCase()} ${section} ${date} "floatip ${version}" "floatip"\n.nh\n.ad l`;
}

/** A heading of the first level. */
export function section(name: string): string {
  return `.SH "${escape(name)}"`;
}

/** A heading of the second level. */
export function subsection(name: string): string {
  return `.SS "${escape(name)}"`;
}

/** Something to be looked up, with what it is below it, indented. Both are roff already. */
export function entry(tag: string, ...paragraphs: readonly string[]): string {
  return [`.TP\n${tag}`, paragraphs.join("\n.IP\n")].join("\n");
}

/** Texts, roff already, each beginning on a line of its own. */
export function broken(...texts: readonly string[]): string {
  return texts.join("\n.br\n");
}

/** A paragraph; `text` is roff already. */
export function paragraph(text: string): string {
  return `.PP\n${text}`;
}

/** Lines that stay as they are. */
export function verbatim(lines: readonly string[]): string {
  return [".PP", ".RS 4", ".nf", ...lines.map((line) => guard(escape(line))), ".fi", ".RE"].join(
    "\n",
  );
}

/** A text as `--help` shows it: paragraphs, indented lines that stay as they are, headings in capitals. */
export function helpText(text: string): string {
  if (text === "") return "";
  return text.split(/\n\n+/).map((block) => helpBlock(block.split("\n"))).join("\n");
}

function helpBlock(lines: readonly string[]): string {
  const [first = "", ...rest] = lines;
  if (/^[A-Z][A-Z ]+$/.test(first)) {
    const heading = paragraph(bold(`${first.charAt(0)}${first.slice(1).toLowerCase()}`));
    return rest.length === 0 ? heading : `${heading}\n${verbatim(withoutIndent(rest))}`;
  }
  if (lines.every((line) => line.startsWith("  "))) return verbatim(withoutIndent(lines));
  return paragraph(inline(lines.join(" ")));
}

function withoutIndent(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/^ {2}/, ""));
}

/** Backslashes, hyphens that shall be typed as such, and characters outside of ASCII that old roffs do not know. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("'", "\\(aq")
    .replaceAll("×", "\\(mu").replaceAll("–", "\\(en").replaceAll("…", "...");
}

/** A line that begins like a request of roff's is none. */
function guard(text: string): string {
  return text.replace(/^([.'])/gm, "\\&$1");
}
