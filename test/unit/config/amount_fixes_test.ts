/**
 * What is offered in the place of an amount that is written wrong is accepted, and is what was
 * meant; else it is said in words what is wanted.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decode } from "../../../src/config/decode.ts";
import { parseDuration } from "../../../src/time.ts";
import { NODES, web } from "../../support/config/misuse.ts";

const RUNS = { numRuns: Number(Deno.env.get("FUZZ_RUNS") ?? 500), seed: 17 };

const check = (line: string) => web('checks = ["c"]', "[check.c]", 'process = "x"', line);
const instance = (line: string) => web(line);

/** Keys of amounts, and a file with a line of theirs. */
const DURATIONS = [
  ["advert_interval", instance],
  ["preempt_delay", instance],
  ["lease", instance],
  ["interval", check],
  ["timeout", check],
] as const;
const NUMBERS = [["fall", check], ["rise", check], ["weight", check]] as const;

/** What is offered for the line that is wrong; undefined: words, or it is right. */
function offered(text: string, key: string): string | undefined {
  const decoded = decode(text);
  if (decoded.kind === "config") return undefined;
  const fix = decoded.problems.find(({ path }) => path.at(-1) === key)?.fix;
  return fix?.startsWith(`${key} = `) ? fix.slice(key.length + 3) : undefined;
}

function isAccepted(text: string): boolean {
  const decoded = decode(text);
  return decoded.kind === "config";
}

/** Numbers as they are written, and what they are. */
const amount: fc.Arbitrary<readonly [string, number]> = fc.oneof(
  fc.nat(100_000).map((n) => [`${n}`, n] as const),
  fc.nat(5000).map((n) => [`${n / 100}`, n / 100] as const),
  fc.nat(99).map((n) => [`${n},5`, n + 0.5] as const),
  fc.nat(99).map((n) => [`+${n}`, n] as const),
  fc.nat(999).map((n) => [`1_${`${n}`.padStart(3, "0")}`, 1000 + n] as const),
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat(4))
    .map(([n, e]) => [`${n}e${e}`, n * 10 ** e] as const),
);

const unit = fc.constantFrom<readonly [string, number]>(
  ...[["us", 1e3], ["ms", 1e6], [" msec", 1e6], ["s", 1e9], ["S", 1e9], [" seconds", 1e9]] as const,
  ...[["sec.", 1e9], ["min", 60e9], ["m", 60e9], ["h", 3600e9], [" hours", 3600e9]] as const,
  ...[["d", 86400e9]] as const,
);

/** What no amount can be read in. */
const nonsense = fc.oneof(
  fc.stringMatching(/^[-\d.,e: ]{1,6}[a-z]{0,3}\d?$/),
  fc.constantFrom("-1s", "1s1", "0x10s", "1.5.2s", "1,000ms", "10ns", "1e99s", "5 minuten"),
  fc.constant("１ｓ"),
);

Deno.test("fix: a duration in another form is offered as what it is, or not at all", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...DURATIONS),
      fc.array(fc.tuple(amount, unit), { minLength: 1, maxLength: 2 }),
      ([key, file], parts) => {
        const written = parts.map(([[text], [name]]) => `${text}${name}`).join("");
        const meant = parts.reduce((sum, [[, n], [, scale]]) => sum + n * scale, 0);
        const line = `${key} = ${JSON.stringify(written)}`;
        const fix = offered(file(line), key);
        if (fix === undefined) return;
        const value = parseDuration(JSON.parse(fix));
        // Where the key itself is right, its value may be out of what the version can carry.
        const isRead = parseDuration(written) !== undefined;
        if (!isRead) assert.equal(value, Math.round(meant), `${line}: ${fix}`);
        assert(isAccepted(file(`${key} = ${fix}`)), `${line}: ${fix}`);
      },
    ),
    RUNS,
  );
});

Deno.test("fix: what no amount can be read in is not replaced by a default", () => {
  fc.assert(
    fc.property(fc.constantFrom(...DURATIONS, ...NUMBERS), nonsense, ([key, file], written) => {
      if (!/\d/.test(written)) return;
      const line = `${key} = ${JSON.stringify(written)}`;
      const fix = offered(file(line), key);
      if (fix === undefined) return;
      const digits = (text: string) => Number(/\d+(\.\d+)?/.exec(text.replace(",", "."))?.[0]);
      const isSame = digits(fix) === digits(written) ||
        parseDuration(JSON.parse(fix)) === parseDuration(written.replace(",", "."));
      assert(isSame || parseDuration(written) !== undefined, `${line}: ${fix}`);
      assert(isAccepted(file(`${key} = ${fix}`)), `${line}: ${fix}`);
    }),
    RUNS,
  );
});

Deno.test("fix: a bare number is seconds where it may be", () => {
  const told = (line: string) => offered(instance(line), line.split(" ")[0] ?? "");
  assert.equal(told("advert_interval = 2"), '"2s"');
  assert.equal(told("advert_interval = 0.5"), '"0.5s"');
  assert.equal(told("preempt_delay = 300"), '"300s"');
  assert.equal(told("advert_interval = 1000"), undefined);
  assert.equal(told('advert_interval = "1e3s"'), undefined);
  assert.equal(told('preempt_delay = "1e3s"'), '"1000s"');
  assert.equal(told('advert_interval = "1 sec"'), '"1s"');
  assert.equal(told('advert_interval = "fast"'), '"1s"');
});

Deno.test("fix: no other number is offered for one that is out of bounds", () => {
  const text = `${NODES}[instance.web]\nvrid = 300\naddresses = ["192.168.1.50/24"]\n`;
  assert.equal(offered(text, "vrid"), undefined);
  assert.equal(offered(check("fall = 0"), "fall"), undefined);
  assert.equal(offered(check('fall = "7"'), "fall"), "7");
});
