/**
 * Field situations of what a daemon reads: wrong files, clients of its sockets, no descriptor left.
 */
import assert from "node:assert/strict";
import { readdirSync, rmSync, symlinkSync } from "node:fs";
import type { Floatip } from "../../support/interop/floatip.ts";
import { demand } from "../../support/lab/command.ts";
import { type Field, fieldCases } from "../../support/field/field.ts";

/** A pair whose backup takes over a second after the last advert; `unmoved` fails where it did. */
async function fastPair(field: Field) {
  const file = field.file({ interval: "300ms" });
  const nodes = await field.pair(file);
  const changes = () =>
    nodes.map((node) => node.history().filter(({ kind }) => kind === "transition").length);
  const before = changes();
  const unmoved = async (what: string): Promise<void> => {
    assert.equal((await nodes[0].instance()).state, "master", what);
    assert.deepEqual(changes(), before, what);
  };
  return { file, a: nodes[0], unmoved };
}

function many(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join("\n");
}

const WRONG: readonly (readonly [string, string])[] = [
  ["brackets", `x = ${"[".repeat(3000)}${"]".repeat(3000)}`],
  ["a dotted key", `${"a.".repeat(30_000)}a = 1`],
  ["unknown keys", many(20_000, (i) => `prioritty${i} = 1`)],
  ["misspelt instances", many(250, (i) => `[instance.i${i}]\nvrid = ${i + 1}\npreffer = ["a"]`)],
  [
    "addresses",
    `[instance.x]\nvrid = 1\naddresses = [${many(3000, (i) => `"10.1.${i >> 8}.${i % 256}/32",`)}]`,
  ],
  ["a line without end", "#".repeat(1_000_000)],
];

/** Opens `count` connections to a socket of `node`, says `text` at each, and reads nothing. */
async function deaf(field: Field, node: Floatip, count: number, text: string): Promise<void> {
  const path = `${node.folder}/run/status.sock`;
  for (let i = 0; i < count; i++) {
    const connection = await Deno.connect({ transport: "unix", path });
    field.stack.defer(() => connection.close());
    await connection.write(new TextEncoder().encode(text)).catch(() => {});
  }
}

function descriptors(node: Floatip): readonly number[] {
  return readdirSync(`/proc/${node.child.pid}/fd`).map(Number);
}

/** The limit below which `free` numbers are not among `open`. */
function limitWithFree(open: readonly number[], free: number): number {
  let limit = 0;
  for (let left = free; left > 0; limit++) if (!open.includes(limit)) left--;
  return limit;
}

function limitDescriptors(node: Floatip, most: number): Promise<string> {
  return demand(["prlimit", "--pid", `${node.child.pid}`, `--nofile=${most}:4096`]);
}

fieldCases("input", [
  {
    name: "wrong files of odd kinds: an answer each time, and the backup hears every advert",
    play: async (field) => {
      const { file, a, unmoved } = await fastPair(field);
      for (const [what, text] of WRONG) {
        const { code, stderr } = await field.reload(a, `${file}\n${text}\n`);
        assert.equal(code, 3, `${what}: ${stderr.slice(-500)}`);
        await unmoved(what);
      }
      a.child.kill("SIGHUP");
      await field.until("the refusal", () => a.log.text.includes("/floatip.toml:"));
      assert.equal((await field.reload(a, file)).code, 0);
      await unmoved("the good file");
    },
  },
  {
    name: "a file that does not answer holds up no later reload",
    play: async (field) => {
      const { file, a, unmoved } = await fastPair(field);
      rmSync(a.configFile);
      symlinkSync("/proc/kmsg", a.configFile);
      const { code } = await a.command("reload");
      assert.equal(code, 3);
      rmSync(a.configFile);
      assert.equal((await field.reload(a, file)).code, 0);
      await unmoved("reloads");
    },
  },
  {
    name: "idle, deaf and greedy clients: the daemon has few descriptors open, and answers others",
    play: async (field) => {
      const { a, unmoved } = await fastPair(field);
      const before = descriptors(a).length;
      await deaf(field, a, 200, "GET ");
      await deaf(field, a, 100, "GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n".repeat(50));
      assert.ok(descriptors(a).length < before + 30, `${descriptors(a).length} descriptors`);
      const proxy = { transport: "unix", path: `${a.folder}/run/status.sock` } as const;
      using client = Deno.createHttpClient({ proxy });
      // As many as watch the status on some screens.
      const watchers = Array.from({ length: 20 }, async () => {
        for (let i = 0; i < 5; i++) {
          const response = await fetch("http://127.0.0.1/v1/status", { client });
          assert.equal((await response.json()).schema, 1);
        }
      });
      await Promise.all(watchers);
      await unmoved("clients");
    },
  },
  {
    name: "without a free descriptor the daemon goes on, says so, and recovers",
    programs: ["prlimit"],
    play: async (field) => {
      const { a, unmoved } = await fastPair(field);
      await limitDescriptors(a, limitWithFree(descriptors(a), 3));
      await deaf(field, a, 2, "GET ");
      a.child.kill("SIGHUP");
      await field.until("the refusal", () => a.log.text.includes("not reloaded"));
      await limitDescriptors(a, 1024);
      assert.equal((await a.command("reload")).code, 0);
      await unmoved("no descriptor");
    },
  },
]);
