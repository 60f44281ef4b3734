/** Markdown as the reference pages need it, in the form that `deno fmt` leaves alone. */

const COLUMNS = 100;

/**
 * `text` broken at blanks into lines of at most 100 columns, those after the first indented by
 * `indent`.
 */
export function wrap(text: string, indent = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= COLUMNS || line.trim() === "") line = longer;
    else {
      lines.push(line);
      line = `${indent}${word}`;
    }
  }
  return [...lines, line].join("\n");
}

/** One entry of a list: `text` is Markdown. */
export function item(text: string): string {
  return wrap(`- ${text}`, "  ");
}

/** `text` as code. */
export function code(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** `text` in a running line: characters that Markdown would read are escaped, but for `code`. */
export function inline(text: string): string {
  return text.split("`").map((part, index) =>
    index % 2 === 1 ? `\`${part}\`` : part.replaceAll(/[*_<]/g, "\\$&").replaceAll(
      /(?<=\w)\\_(?=\w)/g,
      "_",
    )
  ).join("");
}

/** Lines that stay as they are. */
export function verbatim(lines: readonly string[], language = "text"): string {
  return [`\`\`\`${language}`, ...lines, "```"].join("\n");
}

/** A page of `blocks`, with a blank line between them. `source`: what it is printed from. */
export function page(title: string, source: string, blocks: readonly string[]): string {
  const origin = `<!-- Printed from ${source} by \`deno task golden\`. Do not edit. -->`;
  return `${[`# ${title}`, origin, ...blocks].join("\n\n")}\n`;
}

/** A text as `--help` has it: paragraphs, indented lines, headings in capitals. */
export function helpBlocks(text: string): readonly string[] {
  return text === "" ? [] : text.split(/\n\n+/).map((block) => helpBlock(block.split("\n")));
}

function helpBlock(lines: readonly string[]): string {
  const [first = "", ...rest] = lines;
  const heading = /^[A-Z][A-Z ]+$/.test(first);
  const body = heading ? rest : lines;
  const shown = body.every((line) => line.startsWith("  "))
    ? verbatim(body.map((line) => line.slice(2)))
    : wrap(inline(body.join(" ")));
  return heading ? `**${first.charAt(0)}${first.slice(1).toLowerCase()}**\n\n${shown}` : shown;
}
