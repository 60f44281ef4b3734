/**
 * docs/reference/configuration.md: every key, from the tables that floatip.toml(5) is printed from.
 */
import { defaultText, exampleText, type Key } from "../../src/config/tables/key.ts";
import { ROOT, TABLES } from "../../src/config/tables/root.ts";
import { EXAMPLE, INTRODUCTION, NODES_FORMS } from "../man/file_page.ts";
import { code, inline, page, verbatim, wrap } from "./markdown.ts";

/** The page. */
export function configurationPage(): string {
  return page("Configuration", "`src/config/tables/*.ts`", [
    wrap(
      "All keys of `/etc/floatip/floatip.toml`. The manual page `floatip.toml`(5) says the same.",
    ),
    ...INTRODUCTION.map((text) => wrap(inline(text))),
    verbatim(EXAMPLE.split("\n"), "toml"),
    "## `[nodes]`",
    wrap(inline(`${ROOT.nodes.what} ${ROOT.nodes.why}`)),
    verbatim(NODES_FORMS),
    ...TABLES.flatMap(({ header, what, keys }) => [
      `## ${code(header)}`,
      wrap(inline(what)),
      ...Object.entries(keys).flatMap(([key, is]) => describe(key, is)),
    ]),
  ]);
}

function describe(name: string, key: Key): readonly string[] {
  const absent = defaultText(key);
  const fallback = absent === undefined ? "It must be written." : `Default: ${inline(absent)}.`;
  return [
    `### ${code(name)}`,
    wrap(inline(`${key.what} ${key.why}`)),
    wrap(
      `It is ${inline(key.type.form)}. ${fallback} Example: ${
        code(`${name} = ${exampleText(key)}`)
      }`,
    ),
  ];
}
