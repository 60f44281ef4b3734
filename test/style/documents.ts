/** Documents of the checkout, taken apart: prose, links, headings, code. */

/** The checkout's folder, with a slash at its end. */
export const CHECKOUT = new URL("../../", import.meta.url);

/** One Markdown file. */
export interface Document {
  /** From the checkout: "docs/start.md". */
  readonly path: string;
  readonly text: string;
  /** Without fenced blocks and comments. */
  readonly prose: string;
  readonly blocks: readonly Block[];
  /** Texts between backticks in the prose, on one line each. */
  readonly spans: readonly string[];
  readonly links: readonly string[];
  /** What a link may name behind "#", as GitHub makes it. */
  readonly anchors: ReadonlySet<string>;
}

/** A fenced block. */
export interface Block {
  /** What stands behind the fence: "toml fragment". */
  readonly info: string;
  readonly text: string;
}

const FENCED = /^```([^\n]*)\n([\s\S]*?)^```$/gm;

/** README, CONTRIBUTING, CHANGELOG and everything below docs/, by path. */
export async function readDocuments(): Promise<ReadonlyMap<string, Document>> {
  const paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
  for await (const path of walk("docs")) if (path.endsWith(".md")) paths.push(path);
  const documents = await Promise.all(
    paths.map(async (path) => takeApart(path, await Deno.readTextFile(new URL(path, CHECKOUT)))),
  );
  return new Map(documents.map((document) => [document.path, document]));
}

async function* walk(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, CHECKOUT))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* walk(path);
    else yield path;
  }
}

/** Exported for tests. */
export function takeApart(path: string, text: string): Document {
  const prose = text.replaceAll(FENCED, "").replaceAll(/<!--[\s\S]*?-->/g, "");
  return {
    path,
    text,
    prose,
    blocks: [...text.matchAll(FENCED)].map(([, info = "", body = ""]) => ({ info, text: body })),
    spans: [...prose.matchAll(/`([^`]+)`/g)].map(([, span = ""]) => span.replaceAll(/\s+/g, " ")),
    links: [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target),
    anchors: anchorsOf(prose),
  };
}

function anchorsOf(prose: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of prose.matchAll(/^#+ (.*)$/gm)) {
    const slug = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The document and the anchor ("": none) of `target`; undefined: outside of the checkout. */
export function resolveLink(
  from: string,
  target: string,
): { readonly path: string; readonly anchor: string } | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const url = new URL(target, `file:///${from}`);
  return { path: decodeURIComponent(url.pathname.slice(1)), anchor: url.hash.slice(1) };
}

/** Does this page come from `deno task golden`? Its words are those of the code. */
export function isPrinted({ path, text }: Document): boolean {
  return text.includes("<!-- Printed from") || path === "docs/reference/rfc9568.md";
}
