import assert from "node:assert/strict";
import {
  type ByteStream,
  isJournal,
  journaldFormat,
  Log,
  plainFormat,
} from "../../../src/service/log.ts";

const AT = new Date(2026, 10, 21, 3, 4, 5, 678);
const LOCAL = "2026-11-21 03:04:05.678";

/** A stream that keeps what it gets, a few bytes at a time. */
function recording(most = Infinity): ByteStream & { readonly text: () => string } {
  const bytes: number[] = [];
  return {
    write(chunk) {
      const taken = chunk.subarray(0, most);
      bytes.push(...taken);
      return Promise.resolve(taken.length);
    },
    text: () => new TextDecoder().decode(Uint8Array.from(bytes)),
  };
}

Deno.test("journald gets the priority and no time", () => {
  assert.equal(journaldFormat("debug", "x", AT), "<7>x\n");
  assert.equal(journaldFormat("info", "web: backup -> master", AT), "<6>web: backup -> master\n");
  assert.equal(journaldFormat("warning", "x", AT), "<4>x\n");
  assert.equal(journaldFormat("error", "x", AT), "<3>x\n");
});

Deno.test("people get time, level and text", () =>
  assert.equal(plainFormat("info", "hello", AT), `${LOCAL} info    hello\n`));

Deno.test("nothing in a line begins another line or moves a cursor", () => {
  assert.equal(journaldFormat("info", "a\n<3>b\x1b[2Jc\u009b", AT), "<6>a?<3>b?[2Jc?\n");
  assert.equal(plainFormat("info", "a\rb", AT), `${LOCAL} info    a?b\n`);
});

Deno.test("standard error is the journal where systemd says so and it is that very stream", () => {
  assert.equal(isJournal(undefined, { dev: 8, ino: 1234 }), false);
  assert.equal(isJournal("", { dev: 8, ino: 1234 }), false);
  assert.equal(isJournal("8:1234", { dev: 8, ino: 1234 }), true);
  assert.equal(isJournal("8:1234", { dev: 8, ino: 99 }), false);
  assert.equal(isJournal("8:1234", undefined), true);
});

Deno.test("a line comes out whole and in order, braces and all; lower levels do not", async () => {
  const stream = recording(7);
  {
    await using journal = new Log("info", stream, journaldFormat);
    journal.write("debug", "not this");
    journal.write("info", "web: {braces} and %s {0} {");
    journal.write("warning", "second");
    journal.write("error", "third");
  }
  assert.equal(stream.text(), "<6>web: {braces} and %s {0} {\n<4>second\n<3>third\n");
});

Deno.test("a log without a reader is counted, not kept, and stops nothing", async () => {
  const taken = recording();
  const gate = Promise.withResolvers<void>();
  const slow: ByteStream = {
    write: async (chunk) => {
      await gate.promise;
      return taken.write(chunk);
    },
  };
  {
    await using journal = new Log("info", slow, journaldFormat);
    for (let i = 0; i < 10_000; i++) journal.write("info", `line ${i}`);
    gate.resolve();
  }
  const lines = taken.text().trimEnd().split("\n");
  assert.equal(lines[0], "<6>line 0");
  assert.ok(lines.length < 5000, `${lines.length} lines were kept`);
  assert.match(lines.at(-1) ?? "", /^\.\.\. \d+ log lines were dropped/);
});

Deno.test("a log that is gone throws no error", async () => {
  const gone: ByteStream = { write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")) };
  await using journal = new Log("info", gone, journaldFormat);
  journal.write("info", "hello?");
  journal.write("info", "anybody?");
});
