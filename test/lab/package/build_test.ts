/**
 * The built program behaves as one program: arguments, exit codes, signals, folder, environment.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { spawn } from "node:child_process";
import { build } from "../../../packaging/build.ts";
import { VERSION } from "../../../src/version.ts";
import { run, withPlainKill } from "../../support/lab/command.ts";

/** A program that shows what reaches it. */
const echo = `
const [first] = Deno.args;
if (first === "run") {
  console.log(new Error("here").stack);
  Deno.exit(3);
}
if (first === "exit") Deno.exit(Number(Deno.args[1]));
if (first === "wait") {
  Deno.addSignalListener("SIGTERM", () => { console.log("SIGTERM came"); Deno.exit(7); });
  setInterval(() => {}, 1000);
  console.log("waiting");
} else {
  const input = await new Response(Deno.stdin.readable).text();
  const [extra, launcher] = ["EXTRA", "FLOATIP_LAUNCHER"].map((name) => Deno.env.get(name));
  console.log(JSON.stringify({ args: Deno.args, cwd: Deno.cwd(), input, extra, launcher }));
}
`;

async function inScratch(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "floatip-package-" }));
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the launcher passes arguments, input, folder, environment and exit codes through", () =>
  inScratch(async (folder) => {
    await Deno.writeTextFile(`${folder}/echo.ts`, echo);
    await build("bundle", `${folder}/dist`, { entry: `${folder}/echo.ts` });
    // Things in the current folder and the environment that Deno would otherwise obey.
    const elsewhere = `${folder}/else where`;
    await Deno.mkdir(elsewhere);
    await Deno.writeTextFile(`${elsewhere}/deno.json`, "{ this is no JSON");
    await Deno.writeTextFile(`${elsewhere}/package.json`, `{ "dependencies": { "x": "1" } }`);
    await Deno.symlink(`${folder}/dist/floatip`, `${folder}/link`);
    await Deno.symlink("../link", `${elsewhere}/second`);
    const args = ["a b", "*", "--", "--help", "-V", ""];
    const env = { COMPLETE: "bash", DENO_V8_FLAGS: "--nonsense", EXTRA: "yes" };
    const program = `${folder}/dist/floatip`;
    const relative = "../dist/floatip";
    for (
      const [name, launcher] of [
        [program, program],
        [`${folder}/link`, program],
        ["./second", program],
        // A daemon starts itself again to read its file, from whatever folder.
        [relative, `${elsewhere}/${relative}`],
      ] as const
    ) {
      // By way of env, so that a relative name is one.
      const outcome = await run(["env", name, ...args], { cwd: elsewhere, env, input: "words" });
      assert.equal(outcome.stderr, "");
      const expected = { args, cwd: elsewhere, input: "words", extra: "yes", launcher };
      assert.deepEqual(JSON.parse(outcome.stdout), expected);
    }
    for (const code of [0, 1, 42]) {
      const outcome = await run([`${folder}/dist/floatip`, "exit", String(code)]);
      assert.equal(outcome.code, code);
    }
    const left = [...Deno.readDirSync(elsewhere)].map(({ name }) => name).toSorted();
    assert.deepEqual(left, ["deno.json", "package.json", "second"]);
  }));

Deno.test("the daemon is one script, and its stack traces name the lines of that file", () =>
  inScratch(async (folder) => {
    await Deno.writeTextFile(`${folder}/echo.ts`, echo);
    await build("bundle", `${folder}/dist`, { entry: `${folder}/echo.ts` });
    const { code, stdout } = await run([`${folder}/dist/floatip`, "run"]);
    assert.equal(code, 3);
    const text = await Deno.readTextFile(`${folder}/dist/lib/daemon.js`);
    const line = text.split("\n")
      .findIndex((text) => text.includes("new Error")) + 1;
    assert.ok(line > 0 && stdout.includes(`(daemon.js, <anonymous>:${line}:`), stdout);
  }));

Deno.test("the daemon's text is in memory once", () =>
  inScratch(async (folder) => {
    const text = `
      function never() { ${`console.log("${"x".repeat(84)}");\n`.repeat(4e4)} }
      if (Deno.args[1] === "never") never();
      console.log(Deno.readTextFileSync("/proc/self/smaps_rollup"));`;
    await Deno.writeTextFile(`${folder}/large.ts`, text);
    await build("bundle", `${folder}/dist`, { entry: `${folder}/large.ts` });
    const { stdout } = await run([`${folder}/dist/floatip`, "run"]);
    const kibibytes = [...stdout.matchAll(/^Private_\w+: +(\d+)/gm)].map(([, size]) =>
      Number(size)
    );
    const own = kibibytes.reduce((sum, size) => sum + size, 0) * 1024 - 4e6;
    // Deno has some 9 MB with an empty program.
    assert.ok(own > 4e6 && own < 12e6, `${own}`);
  }));

Deno.test("a signal reaches the program behind the launcher", () =>
  inScratch(async (folder) => {
    await Deno.writeTextFile(`${folder}/echo.ts`, echo);
    await build("bundle", `${folder}/dist`, { entry: `${folder}/echo.ts` });
    const child = withPlainKill(
      spawn(`${folder}/dist/floatip`, ["wait"], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    const output = child.stdout?.setEncoding("utf8");
    assert.ok(output);
    await once(output, "data");
    const said = once(output, "data");
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual(await said, ["SIGTERM came\n"]);
    assert.deepEqual(await ended, [7, null]);
  }));

Deno.test("SIGUSR1, which opens Deno's debugger to every user, reaches no thread of it", () =>
  inScratch(async (folder) => {
    await Deno.writeTextFile(`${folder}/echo.ts`, echo);
    await build("bundle", `${folder}/dist`, { entry: `${folder}/echo.ts` });
    const child = withPlainKill(
      spawn(`${folder}/dist/floatip`, ["wait"], { stdio: ["ignore", "pipe", "inherit"] }),
    );
    assert.ok(child.stdout && child.pid);
    await once(child.stdout, "data");
    const blocked = await Promise.all(
      (await Array.fromAsync(Deno.readDir(`/proc/${child.pid}/task`))).map(async ({ name }) => {
        const status = await Deno.readTextFile(`/proc/${child.pid}/task/${name}/status`);
        const mask = BigInt(`0x${/^SigBlk:\s*(\w+)$/m.exec(status)?.[1] ?? "0"}`);
        return (mask >> 9n & 1n) === 1n;
      }),
    );
    assert.ok(blocked.length > 1 && blocked.every(Boolean), blocked.join());
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }));

Deno.test("a build that fails says why and leaves the earlier one", () =>
  inScratch(async (folder) => {
    const dist = `${folder}/dist`;
    await Deno.writeTextFile(`${folder}/echo.ts`, echo);
    await build("bundle", dist, { entry: `${folder}/echo.ts` });
    await Deno.writeTextFile(`${folder}/broken.ts`, `import "./missing.ts";`);
    await assert.rejects(build("bundle", dist, { entry: `${folder}/broken.ts` }), /missing\.ts/);
    assert.equal((await run([`${dist}/floatip`, "exit", "5"])).code, 5);
    const left = [...Deno.readDirSync(dist)].map(({ name }) => name).toSorted();
    assert.deepEqual(left, ["floatip", "lib"]);
  }));

Deno.test("floatip itself, built: it runs, knows wrong usage, and needs nothing of node:", () =>
  inScratch(async (folder) => {
    await build("bundle", folder);
    const version = await run([`${folder}/floatip`, "--version"]);
    assert.deepEqual([version.code, version.stdout], [0, `floatip ${VERSION}\n`]);
    // On a terminal Deno itself has more to say than in a pipe, unless it is told not to.
    const seen = await run(["script", "-qec", `${folder}/floatip --version`, "/dev/null"]);
    assert.deepEqual([seen.code, seen.stdout], [0, `floatip ${VERSION}\r\n`]);
    const wrong = await run([`${folder}/floatip`, "nonsense"]);
    assert.equal(wrong.code, 2);
    const parts = [...Deno.readDirSync(`${folder}/lib`)].filter(({ name }) => name.endsWith(".js"));
    for (const { name } of parts) {
      const text = await Deno.readTextFile(`${folder}/lib/${name}`);
      // Only an https check with `insecure` needs node:https, and loads it when it is first tried.
      assert.doesNotMatch(text, /(from|import)\s*"node:/, name);
      // Deno would read and parse it at every start.
      assert.doesNotMatch(text, /\bimport\(\s*"/, name);
      // One other character, in a regular expression, and V8 keeps two bytes for each of the file.
      assert.doesNotMatch(text, /[^\0-\x7f]/, name);
    }
  }));
