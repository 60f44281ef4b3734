/**
 * Programs of checks and hooks that cannot be run are found before a check is down for it, and the
 * line that is said mends it.
 */
import assert from "node:assert/strict";
import { commandProblems, fileProblem } from "../../../../src/cli/check/command_problems.ts";
import { plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import type { Problem } from "../../../../src/config/problem.ts";
import { runChild } from "../../../../src/process.ts";
import { AS_ROOT, nameWith } from "../../../support/lab/prerequisites.ts";
import { machine } from "../../../support/config/machines.ts";

const PI = machine({ eth0: ["192.168.1.12/24"] });

async function problemsOf(text: string): Promise<readonly Problem[]> {
  const decoded = decode(
    `[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\nchecks = ["x"]\n${text}`,
  );
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
  const { node } = plan(decoded.config, PI, undefined, undefined);
  return await commandProblems(decoded.config, node);
}

/** A folder that every user may enter, with a script `mode` in a folder `inner`. */
async function scene(
  modes: { readonly file: number; readonly folder?: number },
  body: (path: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "floatip-commands-" });
  try {
    await Deno.chmod(root, 0o755);
    await Deno.mkdir(`${root}/inner`);
    const path = `${root}/inner/script`;
    await Deno.writeTextFile(path, "#!/bin/sh\nexit 0\n");
    await Deno.chmod(path, modes.file);
    await Deno.chmod(`${root}/inner`, modes.folder ?? 0o755);
    await body(path);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test({
  ...nameWith("a file that another user can change is a warning, with what mends it", AS_ROOT),
  fn: () =>
    scene({ file: 0o644 }, async (path) => {
      assert.equal(await fileProblem(path), undefined);
      await Deno.chmod(path, 0o666);
      const problem = await fileProblem(path);
      assert.equal(problem?.what, `${path} is writable by everybody`);
      await runChild({ argv: ["sh", "-c", problem?.fix ?? ""], timeoutMs: 5000, outputLimit: 0 });
      assert.equal(await fileProblem(path), undefined);
      await Deno.chown(path, 4711, 4711);
      assert.match((await fileProblem(path))?.what ?? "", /belongs to another user than root/);
    }),
});

function checkOf(path: string, user = "nobody"): string {
  return `[check.x]\ncommand = ["${path}"]\nuser = "${user}"\n`;
}

const CASES = [
  ["it is not executable", { file: 0o644 }, /not executable$/],
  ["only root may run it", { file: 0o700 }, /^check x cannot be run: user nobody may not run /],
  ["only root may read it", { file: 0o711 }, /user nobody may not read /],
  ["only root may enter its folder", { file: 0o755, folder: 0o700 }, /may not enter .*inner$/],
  ["everybody may write to it", { file: 0o777 }, /is writable by everybody$/],
] as const;

for (const [title, modes, what] of CASES) {
  Deno.test({
    ...nameWith(
      `a check whose script cannot be run is found, and mended by what is said: ${title}`,
      AS_ROOT,
    ),
    fn: () =>
      scene(modes, async (path) => {
        const [problem, ...others] = await problemsOf(checkOf(path));
        assert.deepEqual(others, []);
        assert.ok(problem !== undefined);
        assert.match(problem.what, what);
        assert.deepEqual([problem.severity, problem.path], ["machine", ["check", "x", "command"]]);
        const argv = ["/bin/sh", "-c", problem.fix];
        const mended = await runChild({ argv, timeoutMs: 5000, outputLimit: 1000 });
        assert.equal(mended.code, 0, `${problem.fix}: ${mended.stderr}`);
        assert.deepEqual(await problemsOf(checkOf(path)), []);
      }),
  });
}

Deno.test("missing programs and users are found for checks and every hook", async () => {
  const hooks = ["command", "on_master", "on_backup", "on_fault", "on_stop"];
  const found = await problemsOf(
    `notify = { on_master = ["/nowhere/hook"] }
[check.x]
command = ["/bin/true"]
user = "nobody-at-all"
[notify]
${hooks.map((key) => `${key} = ["/nowhere/hook"]`).join("\n")}
`,
  );
  assert.deepEqual(found.map(({ path, what }) => `${path.join(".")}: ${what}`), [
    "check.x.command: check x cannot be run: there is no user nobody-at-all on this machine",
    ...hooks.map((key) => `notify.${key}: ${key} cannot be run: /nowhere/hook: no such file`),
    "instance.web.notify.on_master: on_master of web cannot be run: /nowhere/hook: no such file",
  ]);
});

Deno.test("what can be run is no problem", () =>
  scene({ file: 0o755 }, async (path) => {
    assert.deepEqual(await problemsOf(checkOf(path, "root")), []);
    assert.deepEqual(await problemsOf('[check.x]\ncommand = ["/usr/bin/env"]\n'), []);
  }));
