/**
 * `floatip handover --to` past a better node, with three nodes of the built program that talk to
 * each other: nothing is lost, the better node never advertises, and it stays so until it is handed
 * back. HANDOVERS=100 before the command plays so many rounds.
 */
import assert from "node:assert/strict";
import type { HandoverAnswer } from "../../../src/control/api.ts";
import { type Field, fieldCases, FLOATING } from "../../support/field/field.ts";
import { Capture } from "../../support/interop/capture.ts";
import type { Floatip, LaunchOptions } from "../../support/interop/floatip.ts";
import { FLOATIP } from "../../support/lab/program.ts";
import { realTimeWords } from "../../support/lab/real_time.ts";
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

/** The addresses of the group's members. */
const GROUP_ADDRESSES = [FLOATING, "fd77::100", "10.77.0.101"] as const;
const GROUP_ROUNDS = Math.ceil(ROUNDS / 5);

/** Two instances that change state together, one with both families. */
function groupFile(field: Field): string {
  const names = ["a", "b", "c"].map((name) => field.host(name));
  const [one, six, other] = GROUP_ADDRESSES;
  const both = ([vrid, addresses]: readonly [number, readonly string[]]) =>
    `vrid = ${vrid}\naddresses = ${JSON.stringify(addresses)}\nprefer = ["a", "b", "c"]\n` +
    `advert_interval = "${INTERVAL_MS}ms"\n`;
  return [
    "[nodes]",
    ...names.map(({ name, address, address6 }) => `${name} = ["${address}", "${address6}"]`),
    `[instance.web]\n${both([51, [`${one}/24`, `${six}/64`]])}`,
    `[instance.outside]\n${both([52, [`${other}/24`]])}`,
    '[group.gateway]\ninstances = ["web", "outside"]',
    `[cluster]\nsecret = "${SECRET}"\n`,
  ].join("\n");
}

async function three(
  field: Field,
  text = file(field),
  options: LaunchOptions = {},
): Promise<Three> {
  const a = await field.run("a", text, options);
  await a.untilState("master");
  const [b, c] = [await field.run("b", text, options), await field.run("c", text, options)];
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
    name: "a sync group with both families goes past a better node, and back",
    lan: { ...HOSTS, ipv6: true },
    play: async (field) => {
      await using capture = await Capture.open(field.lan);
      // As the service runs it: a worker of the kernel waits for it (decision 0035).
      const program = [...await realTimeWords(10), ...FLOATIP];
      const [a, , c] = await three(field, groupFile(field), { program });
      const probes = await Promise.all(
        GROUP_ADDRESSES.map((address) =>
          Probe.start(field.host("client"), address, { everyMs: PROBE_EVERY_MS, realTime: true })
        ),
      );
      for (const probe of probes) field.stack.use(probe);
      const start = wallNow();
      for (let round = 0; round < GROUP_ROUNDS; round++) {
        for (const [from, to] of [[a, c], [c, a]] as const) {
          const { outcome, routers, words } = await handOver(from, 0, "--to", to.host.name);
          assert.equal(outcome, "handed-over", words);
          // Each waits for the announcement of its own successor, whichever goes first.
          assert.deepEqual(
            routers.map(({ family, master }) => `${family} ${master?.node}`),
            ["ipv4", "ipv6", "ipv4"].map((family) => `${family} ${to.host.name}`),
            words,
          );
        }
      }
      for (const probe of probes) await probe.settled();
      const lost = probes.map((probe) =>
        probe.outages(start).reduce((sum, one) => sum + one.lost, 0)
      );
      const sent = probes.map((probe) => probe.sentSince(start));
      console.log(
        `  ${2 * GROUP_ROUNDS} handovers of a group: ${GROUP_ADDRESSES.join()}: ` +
          `${lost.join()} of ${sent.join()} lost`,
      );
      assert.deepEqual(lost, [0, 0, 0]);
      assert.deepEqual(capture.advertsOf(field.host("b").address, start), [], "b stood aside");
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
