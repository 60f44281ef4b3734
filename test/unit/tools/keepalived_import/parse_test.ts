/** Tests of the parser: words, comments, blocks, and missing braces. */
import assert from "node:assert/strict";
import {
  argvOf,
  linesOf,
  parse,
  piecesOf,
  scriptWordsOf,
  withoutComment,
  wordsOf,
} from "../../../../src/tools/keepalived_import/parse.ts";
import {
  MalformedError,
  type Statement,
} from "../../../../src/tools/keepalived_import/statement.ts";
import { assertQuick } from "../../../support/tools/keepalived_import/importing.ts";

function parsed(text: string): readonly Statement[] {
  const lines = text.split("\n").map((line, index) => ({
    place: { file: "f", line: index + 1 },
    text: line.trim(),
    cut: false,
  }));
  return parse(lines.filter((line) => line.text !== ""));
}

/** "a(b c(d))": words joined, blocks in parentheses. */
function shown(statements: readonly Statement[]): string {
  return statements.map(({ words, block }) =>
    `${words.join("+")}${block === undefined ? "" : `(${shown(block)})`}`
  ).join(" ");
}

for (
  const [title, text, expected] of [
    ["a block", "a b {\n c d\n}\n", "a+b(c+d)"],
    ["a brace on the next line", "a\n{\nc\n}\n", "a(c)"],
    ["all on one line", "a { b } c { d }", "a(b) c(d)"],
    ["blocks in blocks", "a {\n b {\n  c\n }\n d\n}\n", "a(b(c) d)"],
    ["an empty block", "a {\n}\n", "a()"],
    ["quotes", 'a "b c" {\n "d e"\n}', "a+b c(d e)"],
  ] as const
) {
  Deno.test(`parse: ${title}`, () => assert.equal(shown(parsed(text)), expected));
}

for (
  const [title, text, line, what] of [
    ["a block without end", "a\nb {\n c\n", 2, /b is opened .* the end of the file/],
    [
      "the next instance inside a block",
      "vrrp_instance A {\n virtual_ipaddress {\n 10.0.0.1\n}\nvrrp_instance B {\n}\n",
      5,
      /vrrp_instance is opened in line 1 and not closed before vrrp_instance/,
    ],
    ["a brace without a word", "\n{\n}\n", 2, /no keyword before/],
    ["a second block behind one", "a {\n} {\n}\n", 2, /no keyword before/],
    ["a variable of a tutorial", "a {\n  state ${STATE}\n}\n", 2, /^\$\{STATE\} is not filled in/],
    ["a template", "a {\n  interface {{ eth }}\n}\n", 2, /^\{\{ eth \}\} is not filled in/],
    ["a dollar before a brace", "a $ {\n}\n", 1, /^\$ \{ is not filled in/],
    ["deep blocks", "a {\n".repeat(100_000), 17, /deep/],
    ["a line of braces", `${"a{".repeat(100_000)}`, 1, /deep/],
  ] as const
) {
  Deno.test(`parse refuses ${title}`, () => {
    assertQuick(() => {
      assert.throws(() => parsed(text), (error) => {
        assert.ok(error instanceof MalformedError);
        assert.equal(error.malformed.place.line, line);
        assert.match(error.malformed.what, what);
        return true;
      });
    });
  });
}

const PLACE = { file: "f", line: 7 };

Deno.test("lines end in LF or CRLF, and a mark at the beginning is none of them", () => {
  assert.deepEqual(linesOf("\ufeffa\r\nb\n\nc"), ["a", "b", "", "c"]);
  assert.deepEqual(linesOf("a\n"), ["a"]);
  assert.deepEqual(linesOf(""), []);
});

for (
  const [line, text, cut] of [
    ["priority 150 # c", "priority 150", false],
    ["priority 150#c", "priority 150", true],
    ["  priority 150!c", "priority 150", true],
    ["! whole", "", false],
    ['notify "/bin/echo # ! x" # c', 'notify "/bin/echo # ! x"', false],
    ['notify "/bin/echo \\"a # b\\" # c"   # com', 'notify "/bin/echo \\"a # b\\" # c"', false],
    ["auth_pass 'ab!c'", "auth_pass 'ab", true],
  ] as const
) {
  Deno.test(`comment: ${line}`, () => {
    assert.deepEqual(withoutComment(line, PLACE), { text, cut });
  });
}

Deno.test("a quote that is not closed on its line ends the import, with its line", () => {
  for (const read of [withoutComment, piecesOf]) {
    assert.throws(
      () => read('script "x', PLACE),
      (error) => error instanceof MalformedError && error.malformed.place.line === 7,
    );
  }
});

for (
  const [text, pieces] of [
    ["vrrp_instance A{", ["vrrp_instance A", "{"]],
    ["virtual_ipaddress { 10.0.0.1/24 }", ["virtual_ipaddress", "{", "10.0.0.1/24", "}"]],
    ["} }", ["}", "}"]],
    ['notify "a {b} }"', ['notify "a {b} }"']],
    ["x 'a{b}'", ["x 'a", "{", "b", "}", "'"]],
  ] as const
) {
  Deno.test(`braces: ${text}`, () => assert.deepEqual(piecesOf(text, PLACE), pieces));
}

for (
  const [text, words] of [
    ['vrrp_instance "VI 1"', ["vrrp_instance", "VI 1"]],
    ["auth_pass it's", ["auth_pass", "it's"]],
    ['auth_pass a"b c"d', ["auth_pass", "a", "b c", "d"]],
    ['auth_pass "ab#c"', ["auth_pass", "ab#c"]],
    ['auth_pass "" x', ["auth_pass", "", "x"]],
    ["a\tb  c", ["a", "b", "c"]],
  ] as const
) {
  Deno.test(`words: ${text}`, () => assert.deepEqual(wordsOf(text), words));
}

for (
  const [text, argv] of [
    [`notify "/bin/echo 'a b' c\\td \\x41 \\"q\\""`, ["/bin/echo", "a b", "c", "d", "A", "q"]],
    [`notify "/bin/sh -c 'a \\"b c\\" d'"`, ["/bin/sh", "-c", 'a "b c" d']],
    [`notify "/bin/echo a'b c'd"`, ["/bin/echo", "ab cd"]],
    [`notify '/bin/echo a b'`, ["/bin/echo", "a", "b"]],
    [`notify "/bin/e"cho`, ["/bin/echo"]],
    [`notify /bin/ec"ho x"`, ["/bin/echo", "x"]],
    [`notify "/bin/echo \\101 \\cA"`, ["/bin/echo", "A", "\x01"]],
    [`notify "/bin/echo it's"`, undefined],
    [`notify "/bin/echo {a} \${b} }"`, ["/bin/echo", "{a}", "${b}", "}"]],
  ] as const
) {
  Deno.test(`command: ${text}`, () => {
    const [, command = ""] = scriptWordsOf(text) ?? [];
    assert.deepEqual(argvOf(command), argv);
  });
}
