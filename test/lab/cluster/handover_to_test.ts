/**
 * `floatip handover --to` past a better node, with three nodes of the built program that talk to
 * each other: nothing is lost, the better node never advertises, and it stays so until it is handed
 * back. HANDOVERS=100 before the command plays so many rounds.
 */
import assert from "node:assert/strict";
import type { HandoverAnswer } from "../../../src/control/api.ts";
import { type Field, fieldCases, FLOATING } from "../../support/field/field.ts";
import { Capture } from "../../support/interop/capture.ts";
import type { Floatip } from "../../support/interop/floatip.ts";
import { Probe } from "../../support/lab/probe.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";

const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";
const HOSTS = { hosts: ["a", "b", "c", "client"] } as const;
const ROUNDS = Number(Deno.env.get("HANDOVERS") ?? 10);
const INTERVAL_MS = 200;
/** A client's request every so many milliseconds. */
const PROBE_EVERY_MS = 2;
/** Longer than any backup waits for a silent master. */
const LONG_ENOUGH_MS = 5 * INTERVAL_MS;
/** The longest time in which two nodes hold it: see src/vrrp/handoff.ts. */
const LONGEST_OVERLAP_MS = 200;

type Three = readonly [Floatip, Floatip, Floatip];

function file(field: Field): string {
  const names = ["a", "b", "c"] as const;
  const nodes = Object.fromEntries(names.map((name) => [name, field.host(name).address]));
  const interval = `${INTERVAL_MS}ms`;
  return field.file({
    nodes,
    interval,
    sections: `[cluster]\nsecret = "${SECRET}"\n`,
  });
}

async function three(field: Field, text = file(field)): Promise<Three> {
  const a = await field.run("a", text);
  await a.untilState("master");
  const [b, c] = [await field.run("b", text), await field.run("c", text)];
  await field.untilCode(0, [a, b, c]);
  return [a, b, c];
}

/** `floatip handover web ...` there, with its answer. */
async function handOver(
  floatip: Floatip,
  code: number,
  ...words: readonly string[]
): Promise<HandoverAnswer> {
  const outcome = await floatip.command("handover", "web", ...words, "--json");
  assert.equal(outcome.code, code, `${outcome.stdout}${outcome.stderr}\n${floatip.log.text}`);
  return JSON.parse(outcome.stdout);
}

/** The answer's figures where it went to `node`. */
async function move(from: Floatip, node: string): Promise<{ took: number; overlap: number }> {
  const { outcome, routers, words } = await handOver(from, 0, "--to", node);
  assert.equal(outcome, "handed-over", words);
  const [router] = routers;
  assert.equal(router?.master?.node, node, words);
  const [took, overlap] = [router?.took_ms ?? NaN, router?.overlap_ms ?? NaN];
  assert.ok(overlap >= 0 && overlap <= LONGEST_OVERLAP_MS + INTERVAL_MS, words);
  return { took, overlap };
}

function words(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (part: number) => (sorted[Math.floor(part * (sorted.length - 1))] ?? NaN).toFixed(1);
  return `median ${at(0.5)}, longest ${at(1)} ms`;
}

fieldCases("handover to a node by its name", [
  {
    name: `past a better node and back, ${ROUNDS} times`,
    lan: HOSTS,
    play: async (field) => {
      await using capture = await Capture.open(field.lan);
      const [a, b, c] = await three(field);
      await using probe = await Probe.start(field.host("client"), FLOATING, {
        everyMs: PROBE_EVERY_MS,
        realTime: true,
      });
      const start = wallNow();
      const moves: { took: number; overlap: number }[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        moves.push(await move(a, "c"));
        assert.deepEqual([(await a.instance()).state, (await b.instance()).state], [
          "backup",
          "backup",
        ]);
        if (round === 0) {
          const since = Date.now();
          await field.until(
            "c is left alone",
            () =>
              capture.advertsOf(field.host("c").address, since).length * INTERVAL_MS >
                LONG_ENOUGH_MS,
          );
        }
        moves.push(await move(c, "a"));
      }
      await probe.settled();
      const lost = probe.outages(start);
      const { address } = field.host("b");
      assert.deepEqual(capture.advertsOf(address, start), [], `b stood aside\n${b.log.text}`);
      console.log(
        `  ${2 * ROUNDS} handovers, adverts every ${INTERVAL_MS} ms: took ` +
          `${words(moves.map(({ took }) => took))}; both held it for ` +
          `${words(moves.map(({ overlap }) => overlap))}; ` +
          `${lost.reduce((sum, one) => sum + one.lost, 0)} of ${probe.sentSince(start)} lost`,
      );
      assert.deepEqual(lost, []);
    },
  },
  {
    name: "it ends by --back, and the best one takes it",
    lan: HOSTS,
    play: async (field) => {
      const [a, b, c] = await three(field);
      await move(a, "c");
      assert.match(b.log.text, /web: handed over to c: this node stands aside/);
      assert.doesNotMatch(b.log.text, /web: backup -> master|stands aside no more/);
      assert.equal((await handOver(a, 0, "--back")).outcome, "taken-back");
      await a.untilState("master");
      await c.untilState("backup");
      assert.match(b.log.text, /web: stands aside no more/);
    },
  },
  {
    name: "a dead successor is replaced by the best that is left",
    lan: HOSTS,
    play: async (field) => {
      const [a, b, c] = await three(field);
      await move(a, "c");
      await c.crash();
      await field.until(
        "one of the others is master",
        async () => [(await a.instance()).state, (await b.instance()).state].includes("master"),
      );
    },
  },
  {
    name: "a better node that is not heard cannot be told: refused, and why",
    lan: HOSTS,
    play: async (field) => {
      const [a, b, c] = await three(field);
      await b.crash();
      await field.untilCode(1, [a]);
      const { outcome, words } = await handOver(a, 1, "--to", "c");
      assert.equal(outcome, "refused", words);
      assert.match(words, /^b would take over before c, and cannot be told to wait: lost/);
      assert.equal((await a.instance()).state, "master");
      await c.crash();
      await field.until("c is missed", async () => {
        const other = await a.command("handover", "web", "--to", "c");
        return other.code === 1 && /c could not take web over: lost/.test(other.stderr);
      });
    },
  },
]);
