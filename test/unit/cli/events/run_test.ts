import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { HistoryFile } from "../../../../src/history/history_file.ts";
import { encodeEntry, type HistoryEntry } from "../../../../src/history/line.ts";
import { historyPath } from "../../../../src/history/place.ts";
import { golden } from "../../../support/golden.ts";
import { missing, nameWith } from "../../../support/lab/prerequisites.ts";
import { nearMiss, numbered, started, transition } from "../../../support/history/entries.ts";

const MAIN = fileURLToPath(new URL("../../../../main.ts", import.meta.url));

/** `floatip events` as a child, in the zone of Berlin. */
function command(stateDir: string, ...args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--v8-flags=--max-old-space-size=64",
      MAIN,
      "events",
      "--state-dir",
      stateDir,
      ...args,
    ],
    env: { NO_COLOR: "1", TZ: "Europe/Berlin" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Exit code, standard output, standard error. */
async function events(
  stateDir: string,
  ...args: readonly string[]
): Promise<readonly [number, string, string]> {
  const { code, stdout, stderr } = await command(stateDir, ...args).output();
  return [code, new TextDecoder().decode(stdout), new TextDecoder().decode(stderr)];
}

/** Runs `body` with a state directory that holds `lines`; with none, it is not there. */
async function withHistory(
  lines: readonly (HistoryEntry | string)[],
  body: (stateDir: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "floatip-" });
  const stateDir = `${root}/state`;
  try {
    if (lines.length > 0) {
      Deno.mkdirSync(stateDir);
      const text = lines.map((line) => typeof line === "string" ? line : encodeEntry(line));
      Deno.writeTextFileSync(historyPath(stateDir), text.join(""));
    }
    await body(stateDir);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const HISTORY: readonly HistoryEntry[] = [
  started({ time: "2026-03-28T22:59:59.000Z" }),
  transition({
    time: "2026-03-28T23:00:00.001Z",
    from: "init",
    to: "backup",
    reason: "start",
    cause: "started",
    planned: true,
    silence_ms: null,
  }),
  nearMiss({ time: "2026-03-29T01:30:00.000Z" }),
  transition({ time: "2026-03-29T02:04:05.678Z" }),
  transition({
    time: "2026-03-29T02:04:05.679Z",
    instance: "database",
    family: "ipv6",
    to: "fault",
    reason: "fault",
    cause: "the interface eth0 is down",
    silence_ms: null,
  }),
  started({ time: "2026-03-29T03:00:00.000Z", what: "reloaded" }),
  transition({
    time: "2026-03-29T03:00:00.000Z",
    cause: "\x1b[2Jno \u202eadvert\r",
  }),
  transition({
    time: "2026-03-29T04:00:00.000Z",
    from: "master",
    to: "init",
    reason: "stop",
    cause: "stopped",
    planned: true,
    silence_ms: null,
  }),
  started({ time: "2026-03-29T04:00:00.010Z", what: "stopped" }),
];

const LOST = nearMiss({ time: "2026-03-29T05:00:00.000Z", adverts_lost: true });

Deno.test("events are told in local time, without anything that a terminal obeys", () =>
  withHistory([...HISTORY, LOST, '{"kind":"tor'], async (stateDir) => {
    const [code, out, err] = await events(stateDir);
    await golden("events", out);
    assert.deepEqual([code, err], [0, ""]);
  }));

Deno.test("--json prints the lines, --since and --instance choose among them", async (t) => {
  const choices: readonly (readonly [readonly string[], readonly number[]])[] = [
    [[], [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    [["--since", "2026-03-29T04:04:05.679+02:00"], [4, 5, 6, 7, 8]],
    [["--instance", "database"], [4]],
    [["--instance", "web", "--since", "2026-03-29T03:00:00Z"], [6, 7]],
  ];
  await withHistory(HISTORY, async (stateDir) => {
    for (const [args, chosen] of choices) {
      await t.step(args.join(" "), async () => {
        const lines = HISTORY.filter((_, i) => chosen.includes(i)).map(encodeEntry);
        // The same JSON, with nothing in it that a terminal would obey.
        const text = lines.join("").replaceAll("\u202e", "\\u202e");
        assert.deepEqual(await events(stateDir, "--json", ...args), [0, text, ""]);
      });
    }
  });
});

Deno.test("events: nothing to print is no failure, and one sentence says why", async (t) => {
  const table: readonly (readonly [string, readonly HistoryEntry[], readonly string[], RegExp])[] =
    [
      ["no file", [], [], /^no history yet: `floatip run` writes it to .*\/history\.jsonl\n$/],
      [
        "nothing lately",
        HISTORY,
        ["--since", "1s"],
        /^nothing has happened since 20\d\d-\d\d-\d\d [\d:.]{12}\n$/,
      ],
      ["unknown", HISTORY, ["--instance", "wep"], /^nothing of instance wep; .*: web, database\n$/],
    ];
  for (const [name, lines, args, words] of table) {
    await t.step(name, () =>
      withHistory(lines, async (stateDir) => {
        const [code, out, err] = await events(stateDir, ...args);
        assert.deepEqual([code, err], [0, ""]);
        assert.match(out, words);
        const [jsonCode, jsonOut, jsonErr] = await events(stateDir, "--json", ...args);
        assert.deepEqual([jsonCode, jsonOut], [0, ""]);
        assert.match(jsonErr, words);
      }));
  }
});

Deno.test("lines that cannot be understood are counted on standard error", () =>
  withHistory(["rubbish\n", started(), "{}\n"], async (stateDir) => {
    const [code, out, err] = await events(stateDir, "--json");
    assert.deepEqual([code, out], [0, encodeEntry(started())]);
    assert.equal(err, "2 lines of the history cannot be understood and are left out\n");
  }));

Deno.test("a history that is no file is exit 1 and one sentence", () =>
  withHistory([], async (stateDir) => {
    Deno.mkdirSync(historyPath(stateDir), { recursive: true });
    const [code, out, err] = await events(stateDir);
    assert.deepEqual([code, out], [1, ""]);
    assert.match(
      err,
      /^floatip: cannot read the history: \/.*history\.jsonl is a folder, not a file$/m,
    );
  }));

const reason = missing();
Deno.test(
  nameWith("a history of others is exit 5", reason),
  () =>
    withHistory(HISTORY, async (stateDir) => {
      Deno.chmodSync(stateDir, 0o700);
      Deno.chmodSync(stateDir.slice(0, stateDir.lastIndexOf("/")), 0o755);
      const source = (name: string) =>
        JSON.stringify(new URL(`../../../../src/cli/${name}.ts`, import.meta.url).href);
      // All is loaded before the rights are given up: nobody may not even read this checkout.
      const asNobody = `const { main } = await import(${source("main")});
      await import(${source("events/run")});
      const id = { parameters: ["u32"], result: "i32" };
      const libc = Deno.dlopen("libc.so.6", { setgid: id, setuid: id });
      libc.symbols.setgid(65534);
      libc.symbols.setuid(65534);
      Deno.exit(await main(["events", "--state-dir", ${JSON.stringify(stateDir)}]));`;
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["eval", asNobody],
        stdout: "null",
      }).output();
      assert.match(new TextDecoder().decode(stderr), /not permitted to read .*history\.jsonl/);
      assert.equal(code, 5);
    }),
);

/** Reads lines of --json --follow up to the number `last`; the numbers read. */
async function readUntil(
  reader: ReadableStreamDefaultReader<string>,
  last: number,
): Promise<readonly unknown[]> {
  let text = "";
  while (!(text.endsWith("\n") && text.includes(`"number ${last}"`))) {
    const { value, done } = await reader.read();
    assert.equal(done, false, `ended after ${JSON.stringify(text)}`);
    text += value;
  }
  return text.trimEnd().split("\n").map((line) => JSON.parse(line).silence_ms);
}

Deno.test("events --follow: waits for a history, prints each entry once, ends at Ctrl-C", () =>
  withHistory([], async (stateDir) => {
    await using child = command(stateDir, "--follow", "--json").spawn();
    const err = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    assert.match((await err.read()).value ?? "", /^no history yet/);
    const out = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    await using history = new HistoryFile({ stateDir, complain: assert.fail, limit: 4096 });
    const inodes = new Set<number | null>();
    for (let first = 1; first <= 25; first += 5) {
      const five = [first, first + 1, first + 2, first + 3, first + 4];
      for (const number of five) history.add(numbered(number));
      assert.deepEqual(await readUntil(out, first + 4), five);
      inodes.add(Deno.statSync(historyPath(stateDir)).ino);
    }
    assert.ok(inodes.size > 1, "it was rotated");
    child.kill("SIGINT");
    assert.equal((await child.status).code, 0);
    assert.equal((await out.read()).done, true);
    assert.equal((await err.read()).done, true);
  }));

Deno.test("events: a file of millions of short lines fills no memory", async () => {
  await withHistory(["x\n".repeat(10 << 20)], async (stateDir) => {
    const [code, , err] = await events(stateDir);
    assert.equal(code, 0, err.slice(0, 300));
    assert.match(err, /^\d+ lines of the history cannot be understood and are left out\n$/);
  });
});
