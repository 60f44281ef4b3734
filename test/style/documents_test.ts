/**
 * Documents: links resolve, pages are reachable, commands, keys and files exist, configurations
 * decode.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { flagsOf, verbsOf } from "../../packaging/man/verbs.ts";
import { entriesOf } from "../../packaging/package/tree.ts";
import { decode } from "../../src/config/decode.ts";
import { ROOT, TABLES } from "../../src/config/tables/root.ts";
import {
  CHECKOUT,
  type Document,
  isPrinted,
  readDocuments,
  resolveLink,
  takeApart,
} from "./documents.ts";

const documents = await readDocuments();
const all = [...documents.values()];

function each(problemsOf: (document: Document) => readonly string[]): void {
  const problems = all.flatMap((document) =>
    problemsOf(document).map((problem) => `${document.path}: ${problem}`)
  );
  assert.deepEqual(problems, []);
}

function inCheckout(path: string): boolean {
  return existsSync(new URL(path, CHECKOUT));
}

Deno.test("documents: every link leads to a file and a heading that are there", () => {
  each(({ path, links }) =>
    links.filter((target) => {
      const place = resolveLink(path, target);
      if (place === undefined) return false;
      const found = documents.get(place.path);
      if (found === undefined) return place.anchor !== "" || !inCheckout(place.path);
      return place.anchor !== "" && !found.anchors.has(place.anchor);
    })
  );
});

Deno.test("documents: every page below docs/ can be reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const path of reached) {
    for (const target of documents.get(path)?.links ?? []) {
      const place = resolveLink(path, target);
      if (place !== undefined && documents.has(place.path)) reached.add(place.path);
    }
  }
  assert.deepEqual([...documents.keys()].filter((path) => !reached.has(path)), []);
});

Deno.test("documents: the packages hold each page of docs/ where the README leads", async () => {
  const making = { arch: "amd64", version: "1", compression: "fast", epoch: 0, out: "" } as const;
  for (const flavour of ["deb", "rpm"] as const) {
    const packed = new Set(
      (await entriesOf(flavour, "/nowhere", making)).map(({ path }) => path),
    );
    const pages = [...documents.keys()].filter((path) => path.startsWith("docs/"));
    const missing = pages.filter((path) => !packed.has(`/usr/share/doc/floatip/${path}`));
    assert.deepEqual(missing, []);
  }
});

const FLAGS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  verbsOf().map((verb) => [
    verb.name,
    new Set(["--help", ...flagsOf(verb).map(({ name }) => name)]),
  ]),
);

/** Commands that no person types: the unit does. */
const HIDDEN = ["runner", "complete", "release", "stopping", "help"];

/** What is wrong with the commands of `code`. */
function wrongCommands(code: string): readonly string[] {
  const typed = code.matchAll(
    /(?:^|[|&;(])[ \t]*(?:\$ )?(?:sudo )?floatip ([a-z][a-z-]*)([^\n|&;]*)/gm,
  );
  return [...typed].flatMap(([, verb = "", rest = ""]) => {
    if (HIDDEN.includes(verb)) return [];
    const flags = FLAGS.get(verb);
    if (flags === undefined) return [`floatip ${verb}`];
    const unknown = (rest.match(/--[a-z][a-z-]*/g) ?? []).filter((flag) => !flags.has(flag));
    return unknown.map((flag) => `floatip ${verb} ${flag}`);
  });
}

Deno.test("documents: every command and flag is one that floatip has", () => {
  assert.ok(FLAGS.size > 10);
  each(({ blocks, spans }) => [...blocks.map(({ text }) => text), ...spans].flatMap(wrongCommands));
});

Deno.test("documents: a command or a flag that does not exist is found", () => {
  assert.deepEqual(wrongCommands("sudo floatip check --try"), []);
  assert.deepEqual(wrongCommands("floatip stats"), ["floatip stats"]);
  assert.deepEqual(wrongCommands("x && floatip check --tri"), ["floatip check --tri"]);
  assert.deepEqual(wrongCommands("1  on this node floatip does not run"), []);
});

/** A fragment with the nodes and the instance that it lacks. */
function completed(fragment: string): string {
  const checks = [...fragment.matchAll(/^\[check\.([\w-]+)\]/gm)].map(([, name]) => `"${name}"`);
  const parts = [fragment];
  if (!fragment.includes("[nodes]")) {
    parts.push('[nodes]\npi-a = "192.168.1.11"\npi-b = "192.168.1.12"\n');
  }
  if (!fragment.includes("[instance.")) {
    const instance = '[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n';
    parts.push(checks.length === 0 ? instance : `${instance}checks = [${checks.join(", ")}]\n`);
  }
  return parts.join("\n");
}

/** What floatip says of a block; empty: it is a sound configuration. */
function problemsOfToml(info: string, text: string): readonly string[] {
  const decoded = decode(info === "toml" ? text : completed(text));
  if (decoded.kind === "problems") return decoded.problems.map(({ what }) => what);
  // A whole file may be copied: nothing about it should surprise.
  return info === "toml" ? decoded.warnings.map(({ what }) => what) : [];
}

Deno.test("documents: every configuration is one that floatip accepts", () => {
  let found = 0;
  each(({ blocks }) =>
    blocks.filter(({ info }) => /^toml\b/.test(info)).flatMap(({ info, text }) => {
      found++;
      return problemsOfToml(info, text);
    })
  );
  assert.ok(found > 15, `${found}`);
});

Deno.test("documents: a mistake in a configuration is found, in a fragment too", () => {
  assert.equal(problemsOfToml("toml", '[instance.web]\naddresses = ["192.168.1.50"]\n').length, 1);
  assert.equal(problemsOfToml("toml fragment", '[check.a]\nhtp = "http://127.0.0.1/"\n').length, 1);
  assert.deepEqual(problemsOfToml("toml fragment", '[check.a]\nhttp = "http://127.0.0.1/"\n'), []);
});

Deno.test("documents: every key of the configuration that is named is one", () => {
  const keys = new Set([ROOT, ...TABLES.map(({ keys }) => keys)].flatMap(Object.keys));
  each(({ spans }) =>
    spans.flatMap((span) => /^([a-z_]+) = /.exec(span)?.[1] ?? []).filter((key) => !keys.has(key))
  );
});

Deno.test("documents: every file of the checkout that is named is there", () => {
  each(({ path, spans }) => {
    const named = spans.filter((span) => /^(src|test|packaging|systemd)\/[\w./-]+$/.test(span));
    const modules = path === "docs/internals/architecture.md"
      ? spans.filter((span) => /^[a-z]+\/[a-z_/]+$/.test(span)).map((span) => `src/${span}.ts`)
      : [];
    return [...named, ...modules].filter((file) => !inCheckout(file));
  });
});

Deno.test("documents: every decision that code cites is recorded", async () => {
  const numbers = new Set(
    all.flatMap(({ path }) => /^docs\/decisions\/(\d{4})-/.exec(path)?.[1] ?? []),
  );
  assert.deepEqual(
    [...numbers].toSorted(),
    [...numbers].map((_, at) => `${at + 1}`.padStart(4, "0")),
  );
  let cited = 0;
  for await (const file of sources("src")) {
    for (
      const [, number = ""] of (await Deno.readTextFile(file)).matchAll(/[Dd]ecision (\d{4})/g)
    ) {
      cited++;
      assert.ok(numbers.has(number), `${file.pathname}: decision ${number}`);
    }
  }
  assert.ok(cited > 0);
});

async function* sources(folder: string): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, CHECKOUT))) {
    if (isDirectory) yield* sources(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield new URL(`${folder}/${name}`, CHECKOUT);
  }
}

/** Bytes that a page may have: what is longer is not read. */
const LIMITS: Readonly<Record<string, number>> = {
  "README.md": 8000,
  "docs/internals/architecture.md": 10_000,
};

Deno.test("documents: the first pages are short", () => {
  for (const [path, most] of Object.entries(LIMITS)) {
    const size = new TextEncoder().encode(documents.get(path)?.text ?? "").length;
    assert.ok(size > 0 && size <= most, `${path} has ${size} bytes, ${most} at most`);
  }
});

/** Words that have a plainer one. */
const WORDS = /\b(anew|shall|whoever|somebody|for ever|in silence|of its own accord|nobody)\b/gi;

Deno.test("documents: plain words", () => {
  each((document) => {
    if (isPrinted(document) || document.path === "CHANGELOG.md") return [];
    return document.prose.replaceAll(/`[^`]*`/g, "").match(WORDS) ?? [];
  });
});

Deno.test("documents: links, anchors and blocks are found in a page", () => {
  const page = takeApart(
    "docs/a.md",
    "# One `two`\n\n[x](b.md#c) `y`\n\n```toml\n[z](q)\n```\n\n## One two\n",
  );
  assert.deepEqual([...page.anchors], ["one-two", "one-two-1"]);
  assert.deepEqual(page.links, ["b.md#c"]);
  assert.deepEqual(page.blocks, [{ info: "toml", text: "[z](q)\n" }]);
  assert.deepEqual(resolveLink(page.path, "../README.md#x"), { path: "README.md", anchor: "x" });
});
