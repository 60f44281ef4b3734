/** Field situations of other users of the machine, and of disks: they can do no harm. */
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { demand, run } from "../../support/lab/command.ts";
import { type Field, fieldCases } from "../../support/field/field.ts";

/** A user that has nothing to do with floatip. */
const BOB = 4711;
const AS_BOB = ["setpriv", `--reuid=${BOB}`, `--regid=${BOB}`, "--clear-groups", "--"];

/** A folder that goes with the case. */
async function dirOf(field: Field): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "floatip-field-" });
  chmodSync(dir, 0o755);
  field.stack.defer(() => Deno.remove(dir, { recursive: true }));
  return dir;
}

fieldCases("intruders", [
  {
    name: "a link that another user turns to and fro has no program of that user's run as root",
    play: async (field) => {
      const dir = await dirOf(field);
      mkdirSync(`${dir}/bob`);
      for (const [name, body] of [["good", "exit 0"], ["bob/evil", `id -un >${dir}/bob/ran`]]) {
        writeFileSync(`${dir}/${name}`, `#!/bin/sh\n${body}\n`);
        chmodSync(`${dir}/${name}`, 0o755);
      }
      symlinkSync(`${dir}/good`, `${dir}/bob/current`);
      symlinkSync(`${dir}/bob/current`, `${dir}/notify`);
      for (const name of ["bob", "bob/evil"]) chownSync(`${dir}/${name}`, BOB, BOB);
      const turning = `while :; do ln -sfn ${dir}/good current; ln -sfn evil current; done`;
      const bob = field.host("a").spawn([...AS_BOB, "sh", "-c", `cd ${dir}/bob && ${turning}`]);
      field.stack.defer(() => void bob.kill("SIGKILL"));
      const command = `command = ["${dir}/notify"]\nuser = "root"\ninterval = "100ms"`;
      const sections = `[check.c]\n${command}\nweight = -10`;
      const a = await field.run("a", field.file({ lines: ['checks = ["c"]'], sections }));
      await field.until("the check is refused", async () => {
        const [check] = (await a.instance()).checks;
        return /bob belongs to another user than root/.test(check?.last ?? "");
      });
      await new Promise((resolve) => setTimeout(resolve, 2000));
      assert.ok(!existsSync(`${dir}/bob/ran`));
    },
  },
  {
    name: "links in the folders of a daemon lead it to no file of others",
    play: async (field) => {
      const dir = await dirOf(field);
      const first = await field.run("a");
      await first.untilState("master");
      await first.stop();
      const links = ["state/maintenance.json.new", "state/history.jsonl", "run/resume.json.new"];
      for (const link of links) {
        const victim = `${dir}/${link.replace("/", "-")}`;
        writeFileSync(victim, "precious, without an end", { mode: 0o600 });
        rmSync(`${first.folder}/${link}`, { force: true });
        symlinkSync(victim, `${first.folder}/${link}`);
      }
      await demand(["mkfifo", `${first.folder}/state/maintenance.json`]);
      const a = field.stack.use(await first.again());
      await a.untilState("master");
      assert.match(a.log.text, /history\.jsonl is a symbolic link, not a file/);
      assert.match(a.log.text, /maintenance\.json is a pipe, not a file: maintenance is off/);
      assert.equal((await a.command("maintenance", "on", "--force")).code, 0);
      for (const link of links) {
        const text = readFileSync(`${dir}/${link.replace("/", "-")}`, "utf8");
        assert.equal(text, "precious, without an end", link);
      }
    },
  },
  {
    name: "a lock of another user on the run directory keeps no daemon from starting",
    play: async (field) => {
      const first = await field.run("a");
      await first.untilState("master");
      chmodSync(first.folder, 0o755);
      const runDir = `${first.folder}/run`;
      const bob = field.host("a").spawn([...AS_BOB, "flock", "-x", runDir, "sleep", "60"]);
      field.stack.defer(() => void bob.kill("SIGKILL"));
      await field.until("it is locked", async () => {
        return (await run(["flock", "-n", "-x", runDir, "true"])).code !== 0;
      });
      await first.crash();
      const a = field.stack.use(await first.again());
      await a.untilState("master");
    },
  },
  {
    name: "maintenance on a full disk says that a restart ends it",
    play: async (field) => {
      const first = await field.run("a");
      await first.untilState("master");
      await first.stop();
      const state = `${first.folder}/state`;
      await demand(["mount", "-t", "tmpfs", "-o", "size=16k", "none", state]);
      await using stack = new AsyncDisposableStack();
      stack.defer(async () => void await demand(["umount", "-l", state]));
      const a = field.stack.use(await first.again());
      await a.untilState("master");
      await demand(["sh", "-c", `cat /dev/zero >${state}/fill 2>/dev/null || true`]);
      const on = await a.command("maintenance", "on", "--force");
      assert.equal(on.code, 1, on.stderr);
      assert.match(on.stdout, /maintenance is on; .*; but a restart ends it: .*No space left/);
      rmSync(`${state}/fill`);
      const off = await a.command("maintenance", "off");
      assert.deepEqual([off.code, off.stderr], [0, ""]);
    },
  },
]);
