import assert from "node:assert/strict";
import { Screen } from "../../../src/cli/screen.ts";
import { recordingTerminal } from "../../support/cli/recording_terminal.ts";

const recording = () =>
  recordingTerminal({ interactive: true, size: () => ({ columns: 10, rows: 4 }) });

Deno.test("a picture is drawn over the one before, and the cursor comes back", () => {
  const terminal = recording();
  {
    using screen = new Screen(terminal);
    screen.draw(["one", "two"]);
    screen.draw(["three"]);
    screen.draw(["four"]);
  }
  assert.deepEqual(terminal.written, [
    "\x1b[?25l",
    "\rone\x1b[K\ntwo\x1b[K\n\x1b[J",
    "\r\x1b[2Athree\x1b[K\n\x1b[J",
    "\r\x1b[1Afour\x1b[K\n\x1b[J",
    "\x1b[?25h",
  ]);
});

Deno.test("a picture never wraps or scrolls", () => {
  const terminal = recording();
  using screen = new Screen(terminal);
  screen.draw(["a line that is too long", "2", "3", "4", "5"]);
  assert.equal(terminal.written[1], "\ra line th…\x1b[K\n2\x1b[K\n... 3 mor…\x1b[K\n\x1b[J");
});
