/** The forecast is what the daemon will do: tables of events, and the text as it is told. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Config } from "../../../../src/config/config.ts";
import { decode } from "../../../../src/config/decode.ts";
import { type Forecast, forecast } from "../../../../src/config/plan/forecast.ts";
import type { ForecastOutcome } from "../../../../src/config/plan/forecast_text.ts";
import { lineFinder } from "../../../../src/config/locate.ts";
import { betterNodes, priorityBounds } from "../../../../src/config/plan/node_priorities.ts";
import { golden } from "../../../support/golden.ts";

function configOf(text: string): Config {
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems, null, 2));
  return decoded.config;
}

/**
 * A file with an instance of these lines, a check called nginx, and nodes a, b, c of these
 * priorities.
 */
function file(priorities: readonly number[], check: string, ...lines: readonly string[]): string {
  const names = ["a", "b", "c", "d", "e"].slice(0, priorities.length);
  return [
    "[nodes]",
    ...names.map((name, index) => `${name} = "10.0.0.${index + 1}"`),
    "",
    "[instance.web]",
    "vrid = 51",
    'addresses = ["10.0.0.50/24"]',
    `priority = { ${names.map((name, index) => `${name} = ${priorities[index]}`).join(", ")} }`,
    'checks = ["nginx"]',
    ...lines,
    "",
    "[check.nginx]",
    ...(check.includes("file") ? [] : ['process = "nginx"']),
    check,
    "",
  ].join("\n");
}

function short(outcome: ForecastOutcome): string {
  switch (outcome.kind) {
    case "moves":
      return outcome.to;
    case "moves-to-either":
      return outcome.among.join("|");
    case "keeps":
      return `keeps ${outcome.on.join("|")}`;
    case "stays":
      return `STAYS ${outcome.on}`;
    default:
      return outcome.kind;
  }
}

function outcomes(forecasts: readonly Forecast[]): readonly string[] {
  return forecasts[0]?.rows.map(({ cause, outcome }) => {
    const what = cause.kind === "node-dies"
      ? "dies"
      : cause.kind === "check-reads"
      ? String(cause.value)
      : "fails";
    return `${cause.node} ${what}: ${short(outcome)}`;
  }) ?? [];
}

const TABLE: readonly (readonly [
  title: string,
  priorities: readonly number[],
  check: string,
  expected: readonly string[],
])[] = [
  [
    "no weight: down is a fault",
    [200, 190],
    "",
    ["a fails: b", "b fails: keeps a", "a dies: b", "b dies: keeps a"],
  ],
  [
    "a weight that bridges the gap",
    [200, 190],
    "weight = -11",
    ["a fails: b", "b fails: keeps a", "a dies: b", "b dies: keeps a"],
  ],
  [
    "a weight that makes equal",
    [200, 190],
    "weight = -10",
    ["a fails: STAYS a", "b fails: keeps a", "a dies: b", "b dies: keeps a"],
  ],
  [
    "a weight below the gap",
    [150, 100],
    "weight = -10",
    ["a fails: STAYS a", "b fails: keeps a", "a dies: b", "b dies: keeps a"],
  ],
  [
    "a positive weight is lost",
    [150, 140],
    "weight = 20",
    ["a fails: b", "b fails: keeps a", "a dies: b", "b dies: keeps a"],
  ],
  [
    "a positive weight at the upper bound: all are equal while all is well",
    [250, 240],
    "weight = 20",
    ["a fails: b", "b fails: a", "a dies: b", "b dies: a"],
  ],
  [
    "a negative weight at the lower bound",
    [2, 1],
    "weight = -100",
    ["a fails: STAYS a", "b fails: keeps a", "a dies: b", "b dies: keeps a"],
  ],
  [
    "three nodes, the second and third are equal",
    [200, 100, 100],
    "",
    [
      "a fails: b|c",
      "b fails: keeps a",
      "c fails: keeps a",
      "a dies: b|c",
      "b dies: keeps a",
      "c dies: keeps a",
    ],
  ],
  [
    "two equals at the top",
    [100, 100],
    "weight = -5",
    ["a fails: b", "b fails: a", "a dies: b", "b dies: a"],
  ],
  ["alone, without a weight", [100], "", ["a fails: nobody", "a dies: nobody"]],
  ["alone, with a weight", [100], "weight = -50", ["a fails: STAYS a", "a dies: nobody"]],
  [
    "an owner whose check fails",
    [255, 100],
    "",
    ["a fails: b", "b fails: keeps a", "a dies: b", "b dies: keeps a"],
  ],
  [
    "a number that bridges the gap from 17 on",
    [150, 100],
    'file = "/run/load"\nwant = "value"\nweight = -3',
    ["a 17: b", "a dies: b", "b dies: keeps a"],
  ],
  [
    "a number that needs to be negative",
    [150, 100],
    'file = "/run/load"\nwant = "value"\nweight = 3',
    ["a -17: b", "a dies: b", "b dies: keeps a"],
  ],
  [
    "a number that changes nothing",
    [2, 1],
    'file = "/run/load"\nwant = "value"\nweight = -3',
    ["a 1: STAYS a", "a dies: b", "b dies: keeps a"],
  ],
];

for (const [title, priorities, check, expected] of TABLE) {
  for (const preempt of [true, false]) {
    const owner = priorities.includes(255);
    if (owner && !preempt) continue;
    Deno.test(`forecast: ${title}, preempt ${preempt ? "on" : "off"}`, () => {
      const config = configOf(file(priorities, check, `preempt = ${preempt}`));
      assert.deepEqual(outcomes(forecast(config)), expected);
    });
  }
}

Deno.test("forecast: what returns after recovery depends on preempt, equals and ownership", () => {
  const cases = [
    [file([200, 190], ""), "a takes it back when it works again"],
    [
      file([200, 190], "", 'preempt_delay = "30s"'),
      "a takes it back after 30 s when it works again",
    ],
    [file([200, 190], "", "preempt = false"), "b keeps it when it works again"],
    [file([100, 100], ""), "b keeps it when it works again"],
    [file([255, 100], "", "preempt = false"), "a takes it back when it works again"],
    [file([100], ""), "a holds it again when it works again"],
    [file([200, 190], "weight = -5"), undefined],
  ] as const;
  for (const [text, expected] of cases) {
    assert.equal(forecast(configOf(text))[0]?.rows[0]?.recovery, expected, text);
  }
});

Deno.test("forecast: a group moves together, whatever numbers its members have", () => {
  const config = group("priority = { a = 90, b = 10 }");
  for (const { instance, holders, rows } of forecast(config)) {
    assert.deepEqual(holders, ["a"], instance);
    assert.deepEqual(rows.map(({ words }) => words), [
      "nginx fails on a: b takes over",
      "nginx fails on b: a keeps it",
      "a dies: b takes over",
      "b dies: a keeps it",
    ]);
  }
});

Deno.test("forecast: a group whose members differ on the better node is left to chance", () => {
  for (const outside of ['prefer = ["b", "a"]', "priority = 100"]) {
    for (const { start, holders, rows } of forecast(group(outside))) {
      assert.match(start, /LEFT TO CHANCE: the members of group gateway differ/);
      assert.deepEqual([holders, rows], [[], []]);
    }
  }
});

/** inside prefers a; outside does as said. */
function group(outside: string): Config {
  return configOf(`[nodes]
a = "10.0.0.1"
b = "10.0.0.2"

[instance.outside]
vrid = 1
addresses = ["10.0.0.50/24"]
${outside}

[instance.inside]
vrid = 2
addresses = ["10.0.0.51/24"]
prefer = ["a", "b"]
checks = ["nginx"]

[group.gateway]
instances = ["inside", "outside"]

[check.nginx]
process = "nginx"
`);
}

Deno.test("forecast as it is told (golden)", async () => {
  const texts: readonly (readonly [string, string])[] = [
    ["weight below the gap", file([150, 100], "weight = -10")],
    ["weight makes equal", file([200, 190], "weight = -10")],
    ["weight at the lower bound", file([40, 20], "weight = -100").replace("= 20", "= 1")],
    ["weight beyond the upper bound", file([254, 254], "weight = 20")],
    ["less than the weight, less than the gap", file([254, 1], "weight = 100")],
    ["fault", file([200, 190, 180], "", 'preempt_delay = "1m"')],
    ["no preemption", file([200, 190], "weight = -50", "preempt = false")],
    ["equals", file([100, 100, 100], "")],
    ["alone", file([100], "weight = -50")],
    ["number", file([150, 100], 'file = "/run/load"\nwant = "value"\nweight = -3')],
    ["number without effect", file([2, 1], 'file = "/x"\nwant = "value"\nweight = -3')],
    [
      "this node only",
      '[node]\nname = "a"\n[instance.web]\nvrid = 1\naddresses = ["10.0.0.50/24"]\n' +
      "priority = 150\n" +
      'checks = ["fault", "less", "more", "count"]\n[check.fault]\nprocess = "x"\n[check.less]\n' +
      'process = "x"\nweight = -50\n[check.more]\nprocess = "x"\nweight = 20\n[check.count]\n' +
      'file = "/run/load"\nwant = "value"\nweight = -3\n',
    ],
    [
      "this node only, no preemption",
      '[instance.web]\nvrid = 1\naddresses = ["10.0.0.50/24"]\npreempt = false\nchecks = ["x"]\n' +
      '[check.x]\nprocess = "x"\nweight = -50\n',
    ],
    ["nobody knows who this is", '[instance.web]\nvrid = 1\naddresses = ["10.0.0.50/24"]\n'],
  ];
  const parts: string[] = [];
  for (const [title, text] of texts) {
    parts.push(`### ${title}`);
    for (const { instance, start, rows } of forecast(configOf(text), await lineFinder(text))) {
      parts.push(`${instance}: ${start}`);
      for (const { words, arithmetic, recovery, alarming } of rows) {
        parts.push(`  ${alarming ? "!" : " "} ${words}`);
        if (arithmetic !== "") parts.push(`      ${arithmetic}`);
        if (recovery !== undefined) parts.push(`      ${recovery}`);
      }
    }
    parts.push("");
  }
  await golden("config_problems_forecast", parts.join("\n"));
});

Deno.test("better nodes: the others that could be better, best first, equals not", () => {
  const config = configOf(file([200, 190, 180, 150], "weight = -50"));
  const [web] = config.instances;
  assert.ok(web !== undefined);
  assert.deepEqual(betterNodes(config, web, "a", 150), ["b", "c"]);
  assert.deepEqual(betterNodes(config, web, "a", 149), ["b", "c", "d"]);
  assert.deepEqual(betterNodes(config, web, "a", 190), []);
  assert.deepEqual(betterNodes(config, web, "b", 140), ["a", "c", "d"]);
  const bonus = configOf(file([200, 190], "weight = 30"));
  assert.deepEqual(betterNodes(bonus, bonus.instances[0] ?? assert.fail(), "a", 200), ["b"]);
  const lonely = configOf('[instance.web]\nvrid = 1\naddresses = ["10.0.0.50/24"]\n');
  assert.deepEqual(betterNodes(lonely, lonely.instances[0] ?? assert.fail(), "a", 1), []);
});

Deno.test("forecast: the best of the others takes over; a node that stays is the best", () => {
  const priorities = fc.array(fc.integer({ min: 1, max: 254 }), { minLength: 1, maxLength: 5 });
  const weight = fc.integer({ min: -253, max: 253 }).filter((count) => count !== 0);
  fc.assert(
    fc.property(priorities, fc.option(weight), fc.boolean(), (own, points, preempt) => {
      const check = points === null ? "" : `weight = ${points}`;
      const config = configOf(file(own, check, `preempt = ${preempt}`));
      const bounded = (count: number): number => Math.min(254, Math.max(1, count));
      const well = new Map(
        config.nodes.map(({ name }, index) =>
          [name, bounded((own[index] ?? 0) + Math.max(0, points ?? 0))] as const
        ),
      );
      for (const { cause, outcome } of forecast(config)[0]?.rows ?? []) {
        const { node } = cause;
        const base = own[config.nodes.findIndex(({ name }) => name === node)] ?? 0;
        const out = cause.kind === "node-dies" || points === null;
        const then = out ? 0 : bounded(base + Math.min(0, points ?? 0));
        // All alive nodes by what they are worth now; the holder wins ties, else nobody knows.
        const now = [...well].map(([name, count]) => [name, name === node ? then : count] as const);
        const best = Math.max(...now.map(([, count]) => count));
        const winners = now.filter(([, count]) => count === best && count > 0).map(([name]) =>
          name
        );
        const top = Math.max(...well.values());
        const expected = (well.get(node) ?? 0) < top
          ? `keeps ${
            [...well].filter(([, count]) => count === top).map(([name]) => name).join("|")
          }`
          : best === 0
          ? "nobody"
          : winners.includes(node)
          ? `STAYS ${node}`
          : winners.join("|");
        assert.equal(short(outcome), expected, JSON.stringify(cause));
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("bounds of a priority: what a node of the file may advertise, with all weights", () => {
  const boundsOf = (text: string, node = "a") => {
    const config = configOf(text);
    return priorityBounds(config, config.instances[0] ?? assert.fail(), node);
  };
  const given = [200, 190];
  assert.deepEqual(boundsOf(file(given, "weight = -50"), "b"), { least: 140, most: 190 });
  assert.deepEqual(boundsOf(file(given, "weight = 30"), "b"), { least: 190, most: 220 });
  assert.deepEqual(boundsOf(file(given, "weight = 100")), { least: 200, most: 254 });
  const address = 'vrid = 1\naddresses = ["10.0.0.50/24"]\n';
  const nodes = '[nodes]\na = "10.0.0.1"\nb = "10.0.0.2"\n[instance.web]\n';
  const preferred = boundsOf(`${nodes}${address}prefer = ["a", "b"]\n`, "b");
  assert.deepEqual(preferred, { least: 190, most: 190 });
  // By hand, and perhaps in each file another: nothing can be said.
  assert.equal(boundsOf(`${nodes}${address}priority = 150\n`), undefined);
  assert.equal(boundsOf(`${nodes}${address}`), undefined);
});
