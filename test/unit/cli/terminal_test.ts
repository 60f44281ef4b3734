/** What reaches a terminal: our own escapes, and none of anybody else's. */
import assert from "node:assert/strict";

const TERMINAL = new URL("../../../src/cli/terminal.ts", import.meta.url).href;

/** Runs \`body\` with a terminal of its own, in a pseudo terminal or a pipe; what came out. */
async function printed(body: string, tty: boolean): Promise<string> {
  const script = `const { ProcessTerminal } = await import(${JSON.stringify(TERMINAL)});
    const terminal = new ProcessTerminal();
    ${body}`;
  const folder = await Deno.makeTempDir({ prefix: "fl-terminal-" });
  try {
    await Deno.writeTextFile(`${folder}/script.ts`, script);
    const command = [Deno.execPath(), "run", "-A", "--no-check", `${folder}/script.ts`];
    const argv = tty ? ["script", "-qec", command.join(" "), "/dev/null"] : command;
    const [program = "", ...args] = argv;
    const env = { TERM: "xterm", NO_COLOR: "" };
    const { stdout, stderr } = await new Deno.Command(program, { args, env, stdin: "null" })
      .output();
    return [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const FOREIGN = JSON.stringify("\x1b]0;t\x07\x1b[31mRED\x9b31m\u202e\x1b[0;123m");

for (const stream of ["out", "error"]) {
  Deno.test(`${stream}: in a pipe nothing of it is an escape`, async () => {
    const text = await printed(
      `terminal.${stream}(terminal.paint("bad", "x") + ${FOREIGN} + "\\n");`,
      false,
    );
    assert.equal(text, "x\\u001b]0;t\\u0007\\u001b[31mRED\\u009b31m\\u202e\\u001b[0;123m\n");
  });

  Deno.test(`${stream}: a terminal obeys our styles and cursor, other text is text`, async () => {
    const text = await printed(
      `const shown = terminal.paint("bad", ${FOREIGN}) + terminal.control("\\x1b[K");` +
        `terminal.${stream}(shown + "\\n");`,
      true,
    );
    const foreign = "\\u001b]0;t\\u0007\\u001b[31mRED\\u009b31m\\u202e\\u001b[0;123m";
    assert.equal(text, `\x1b[31m${foreign}\x1b[0m\x1b[K\r\n`);
  });
}
