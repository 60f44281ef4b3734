/** The manual pages hold every command with its flags, and every key of every table. */
import assert from "node:assert/strict";
import { filePage } from "../../../packaging/man/file_page.ts";
import { exampleText } from "../../../src/config/tables/key.ts";
import { TABLES } from "../../../src/config/tables/root.ts";
import { programPage } from "../../../packaging/man/program_page.ts";
import { helpText, inline } from "../../../packaging/man/roff.ts";
import { demand, run } from "../../support/lab/command.ts";
import { lacking, nameWith } from "../../support/lab/prerequisites.ts";
import { APPLICATION } from "../../../src/cli/application.ts";

const PAGE = programPage("1.2.3", 1_700_000_000);

/** A page as it is read: without requests, fonts and escapes. */
function read(page: string): string {
  return page.replaceAll(/\\f[BIR]/g, "").replaceAll("\\-", "-").replaceAll("\\e", "\\")
    .replaceAll("\\(aq", "'").replaceAll("\\&", "");
}

Deno.test("floatip(8) has every command that people type, and each flag twice", () => {
  const text = read(PAGE);
  const { root } = APPLICATION;
  assert.ok("getAllEntries" in root);
  for (const { name, hidden, target } of root.getAllEntries()) {
    assert.equal(text.includes(`.SS "floatip ${name.original}"`), !hidden, name.original);
    if (hidden || !("parameters" in target)) continue;
    assert.ok(text.includes(target.brief.replaceAll("`", "")), target.brief);
    for (const flag of Object.keys(target.parameters.flags ?? {})) {
      const kebab = flag.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      assert.match(text, synopsisWith(name.original, kebab), kebab);
      assert.match(text, new RegExp(`^(-\\w, )?--${kebab}\\b`, "m"), kebab);
    }
  }
});

/** A line of the synopsis, which may be folded: it goes on until a request. */
function synopsisWith(verb: string, flag: string): RegExp {
  return new RegExp(`floatip ${verb} (?:(?!\\n\\.)[\\s\\S])*--${flag}\\b`);
}

Deno.test("floatip.toml(5) has every key of every table", () => {
  const text = read(filePage("1.2.3", 1_700_000_000));
  assert.ok(TABLES.length > 10);
  for (const { header, keys } of TABLES) {
    for (const [name, key] of Object.entries(keys)) {
      assert.ok(text.includes(`\n${name}\n`), `${header} ${name}`);
      // A long line is folded.
      assert.ok(text.replaceAll("\n", " ").includes(`${name} = ${exampleText(key)}`), name);
    }
  }
});

const noLinter = lacking("mandoc");

Deno.test({
  ...nameWith(
    "a linter of manual pages finds nothing in either, and no request is shown as text",
    noLinter,
  ),
  fn: async () => {
    for (const page of [PAGE, filePage("1.2.3", 1_700_000_000)]) {
      const found = await run(["mandoc", "-T", "lint"], { input: page });
      assert.deepEqual([found.code, found.stdout + found.stderr], [0, ""]);
      const shown = await demand(["mandoc", "-T", "ascii"], { input: page });
      assert.doesNotMatch(shown, /^\s*\.[a-zA-Z]{2}\b/m);
    }
  },
});

Deno.test("nothing in a text is obeyed by roff", () => {
  assert.equal(inline("a `--flag` \\ 'x'"), "a \\fB\\-\\-flag\\fR \\e \\(aqx\\(aq");
  const page = helpText(".TH evil\n\n  .SH evil\n\nEXAMPLES\n  .so /etc/passwd");
  assert.deepEqual(page.split("\n").filter((line) => /^\.(TH|SH|so)/.test(line)), []);
});
