/** The ledger names tests that exist, and docs/reference/rfc9568.md says the same. */
import assert from "node:assert/strict";
import { LEDGER, type Requirement } from "./ledger.ts";

const FOLDER = new URL("./", import.meta.url);
const SECTIONS = [5, 6, 7, 8].map((section) => `rfc9568/section${section}_test.ts`);

async function read(file: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../${file}`, FOLDER));
}

Deno.test("rfc9568 ledger: every entry names a test that exists, or a reason", async () => {
  const own = (await Promise.all(SECTIONS.map(read))).join("\n");
  for (const { section, claim, proof } of LEDGER) {
    if ("why" in proof) {
      assert.ok(proof.why.length > 10, `${section} ${claim}: no reason`);
      continue;
    }
    const text = proof.file === undefined ? own : await read(proof.file);
    assert.ok(text.includes(`"${proof.test}"`), `${section} ${claim}: no test "${proof.test}"`);
  }
});

Deno.test("rfc9568 ledger: every test of a section is in it", async () => {
  const listed = new Set(LEDGER.map(({ proof }) => "test" in proof ? proof.test : ""));
  for (const file of SECTIONS) {
    for (const [, name] of (await read(file)).matchAll(/"(RFC 9568 [^"]+)"/g)) {
      assert.ok(listed.has(name ?? ""), `${file}: "${name}" is not in the ledger`);
    }
  }
});

Deno.test("rfc9568 ledger: docs/reference/rfc9568.md says the same", async () => {
  const file = new URL("../../docs/reference/rfc9568.md", FOLDER);
  const text = markdown(LEDGER);
  if (Deno.env.get("GOLDEN") === "write") return await Deno.writeTextFile(file, text);
  assert.equal(text, await Deno.readTextFile(file), "GOLDEN=write rewrites it");
});

/** The ledger for people, in the form that `deno fmt` leaves alone. */
function markdown(ledger: readonly Requirement[]): string {
  const lines = [
    "# RFC 9568, requirement by requirement",
    "",
    "What VRRPv3 demands in sections 5 to 8, in our own words, errata included, and the test that",
    "shows it, or the reason why it does not apply. Made of `ledger.ts` with `GOLDEN=write`.",
    'The RFC says "Active" where floatip says "master".',
  ];
  let chapter = "";
  for (const { section, level, claim, proof } of ledger) {
    const [first = ""] = section.split(".");
    if (first !== chapter) lines.push("", `## Section ${first}`, "");
    chapter = first;
    const shown = "test" in proof
      ? `\`${proof.test}\`${proof.file === undefined ? "" : ` (test/${proof.file})`}`
      : `does not apply: ${proof.why}`;
    lines.push(`- **${section} ${level}**: ${claim}. ${shown}`);
  }
  return `${lines.join("\n")}\n`;
}
