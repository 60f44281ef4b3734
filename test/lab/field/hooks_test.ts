/** Field situations of hooks: what they start, and what they are told. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { type Field, fieldCases } from "../../support/field/field.ts";

/** Writes a script that all users may run; gives its path. */
function script(dir: string, name: string, body: string): string {
  const path = `${dir}/${name}`;
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** The words of a file that scripts write to; none while it is not there. */
function wordsIn(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, "utf8").split(/\s+/).filter(Boolean) : [];
}

/** A folder for scripts that goes with the case. */
async function dirOf(field: Field): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "floatip-field-" });
  chmodSync(dir, 0o755);
  field.stack.defer(() => Deno.remove(dir, { recursive: true }));
  return dir;
}

fieldCases("hooks", [
  {
    name: "what a hook leaves in the background does its work, what a check leaves does not",
    play: async (field) => {
      const dir = await dirOf(field);
      const out = `${dir}/out`;
      const hook = script(
        dir,
        "hook",
        `(sleep 1; echo job >>${out}) &
nohup sh -c 'sleep 1; echo nohup >>${out}' </dev/null >/dev/null 2>&1 &
setsid sh -c 'sleep 1; echo setsid >>${out}' </dev/null >/dev/null 2>&1 &
exit 0`,
      );
      const check = script(dir, "check", `(sleep 1; echo check >>${out}) &\nexit 0`);
      const a = await field.run(
        "a",
        field.file({
          lines: ['checks = ["bg"]'],
          sections: `[check.bg]
command = ["${check}"]
user = "root"
interval = "1m"
[notify]
on_master = ["${hook}"]
user = "root"`,
        }),
      );
      await a.untilState("master");
      await field.until("the work is done", () => wordsIn(out).length >= 3);
      assert.deepEqual(wordsIn(out).toSorted(), ["job", "nohup", "setsid"]);
    },
  },
  {
    name: "a hook that hangs is ended with what it started, and that is logged",
    play: async (field) => {
      const dir = await dirOf(field);
      const out = `${dir}/out`;
      const hook = script(dir, "hook", `(sleep 2; echo job >>${out}) &\nsleep 60`);
      const a = await field.run(
        "a",
        field.file({
          sections: `[notify]\non_master = ["${hook}"]\ntimeout = "500ms"\nuser = "root"`,
        }),
      );
      await a.untilState("master");
      await field.until("it is logged", () => /ended, with all that it started/.test(a.log.text));
      await new Promise((resolve) => setTimeout(resolve, 2500));
      assert.deepEqual(wordsIn(out), []);
    },
  },
  {
    name: "hooks, log and history hear no fault at a start whose check has no weight",
    play: async (field) => {
      const dir = await dirOf(field);
      const out = `${dir}/out`;
      const hook = script(dir, "hook", `echo "$3" >>${out}`);
      const check = script(dir, "check", "sleep 0.6\nexit 0");
      const a = await field.run(
        "a",
        field.file({
          lines: ['checks = ["nginx"]'],
          sections: `[check.nginx]
command = ["${check}"]
user = "root"
[notify]
command = ["${hook}"]
on_fault = ["${hook}", "x", "y", "FAULT"]
user = "root"`,
        }),
      );
      const [first] = (await a.status()).instances;
      if (first?.state === "init") {
        assert.match(first.cause, /^waits for the first result of check nginx$/);
      }
      await a.untilState("master");
      await field.until("hooks are told", () => wordsIn(out).includes("MASTER"));
      assert.deepEqual(wordsIn(out), ["BACKUP", "MASTER"]);
      assert.doesNotMatch(a.log.text, /fault/);
      assert.deepEqual(a.history().filter((entry) => JSON.stringify(entry).includes("fault")), []);
    },
  },
]);
