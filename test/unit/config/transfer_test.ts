/** A configuration that another process read is the one that was written. */
import assert from "node:assert/strict";
import { plan } from "../../../src/config/plan/plan_node.ts";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import { diff } from "../../../src/config/plan/diff.ts";
import { fromLines, toLines, type Transferred } from "../../../src/config/transfer.ts";
import { DRAWN } from "../../support/config/keys.ts";
import { machine } from "../../support/config/machines.ts";
import { atOnce } from "../../../src/async.ts";

const FOLDER = new URL("../../../packaging/examples/", import.meta.url);

const soon = () => Promise.resolve();

/** With no difference between a key that is undefined and one that is not there. */
function plain(config: Config): string {
  const known = Object.entries(config).filter(([, value]) => value !== undefined);
  const sorted = known.toSorted(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify(sorted, (_, inner) => inner instanceof Map ? [...inner] : inner);
}

/** Nodes that know each other by keys and links. */
const CLUSTER = `[nodes]
pi-a = { address = "192.168.1.11", links = ["10.9.0.11", "fd00::11"] }
pi-b = { address = ["192.168.1.12"], only_vrrp = true }

[cluster]
secret = "${DRAWN[0]}\\n${DRAWN[1]}"

[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]
`;

const FILES: readonly (readonly [name: string, text: string])[] = [
  ...[...Deno.readDirSync(FOLDER)].filter(({ name }) => name.endsWith(".toml"))
    .map(({ name }) => [name, Deno.readTextFileSync(new URL(name, FOLDER))] as const),
  ["a cluster", CLUSTER],
];

for (const [name, text] of FILES) {
  Deno.test(`transfer: ${name} arrives as it is`, async () => {
    const decoded = decode(text);
    assert.ok(decoded.kind === "config");
    const { config } = decoded;
    const lines = toLines({ kind: "config", config, warnings: [] }, "1");
    assert.ok(lines.every((line) => !line.includes("\n")));
    const arrived = await fromLines(lines, "1", soon);
    assert.ok(arrived.kind === "config");
    assert.equal(plain(arrived.config), plain(config));
    const here = machine({ eth0: ["192.168.1.11/24"] });
    const [before, after] = [config, arrived.config].map((one) =>
      plan(one, here, "pi-a", undefined).node.plans
    );
    assert.deepEqual(
      atOnce(diff(before ?? [], after ?? [])).map(({ kind }) => kind),
      (before ?? []).map(() => "unchanged"),
    );
  });
}

Deno.test("transfer: problems arrive; what is cut off or of another version does not", async () => {
  const problem = { severity: "error", path: ["a", 0], at: "key", what: "w", why: "y", fix: "f" };
  const place = { file: "f", line: 1, column: 2, source: "x\u2028", caret: 2 };
  const loaded = { kind: "problems", problems: [{ ...problem, ...place }] } as Transferred;
  const lines = toLines(loaded, "1");
  assert.deepEqual(await fromLines(lines, "1", soon), loaded);
  await assert.rejects(fromLines(lines, "2", soon), /read by floatip 1, not 2/);
  await assert.rejects(fromLines(lines.slice(0, -1), "1", soon), /to its end/);
  await assert.rejects(fromLines(["floatip: no"], "1", soon));
});

Deno.test("transfer: there is a rest after each instance and check", async () => {
  const text = Array.from(
    { length: 200 },
    (_, i) => `[instance.i${i}]\nvrid = ${i + 1}\naddresses = ["10.0.0.${i + 1}/24"]\n`,
  ).join("");
  const decoded = decode(text);
  assert.ok(decoded.kind === "config");
  let rests = 0;
  const rest = () => Promise.resolve(void rests++);
  await fromLines(toLines({ ...decoded, warnings: [] }, "1"), "1", rest);
  assert.equal(rests, 200);
});
