/** Are lines cut as keepalived 2.2.7 cuts them? Every expectation here was seen in its dump. */
import assert from "node:assert/strict";
import {
  argvOf,
  linesOf,
  piecesOf,
  scriptWordsOf,
  withoutComment,
  wordsOf,
} from "../../../../src/tools/keepalived_import/lexer.ts";
import { MalformedError } from "../../../../src/tools/keepalived_import/statement.ts";

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
