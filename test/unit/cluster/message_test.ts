/** Messages between nodes: what is told is read, and nothing more than fits. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { MAX_MESSAGE } from "../../../src/cluster/datagram.ts";
import {
  decodeMessage,
  encodeAsk,
  encodeAskRouters,
  encodePages,
  encodePart,
  MAX_PARTS,
} from "../../../src/cluster/message.ts";
import type {
  Message,
  NodeReport,
  ReportPart,
  RouterReport,
  Wanted,
} from "../../../src/cluster/report.ts";
import { formatWallTime, type WallTime } from "../../../src/time.ts";
import { nodeReport, routerReport } from "../../support/cluster/reports.ts";

/** A whole report. */
function encodeReport(
  number: number,
  node: NodeReport,
  routers: readonly RouterReport[],
): readonly Uint8Array[] {
  const texts: Uint8Array[] = [];
  let rest = routers;
  do {
    const { text, taken } = encodePart({ number, index: texts.length, node }, rest, true);
    texts.push(text);
    rest = rest.slice(taken);
  } while (rest.length > 0);
  return texts;
}

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function partOf(bytes: Uint8Array | undefined): ReportPart {
  const message = bytes && decodeMessage(bytes);
  if (message?.kind !== "report") throw new Error("no report");
  return message.part;
}

/** What each released version said, and what it means; a newer one must read it. */
const RECORDED: Readonly<Record<string, readonly Message[]>> = {
  "0.1.0": [
    {
      kind: "report",
      part: {
        number: 17,
        index: 0,
        last: true,
        node: nodeReport({
          keys: [7, 9],
          maintenance: { age: 61_000, left: 600_000, reason: "new disk" },
        }),
        routers: [
          routerReport(),
          routerReport({
            name: "six",
            family: "ipv6",
            state: "fault",
            faults: ["eth0 has no carrier"],
            checks: [{ name: "nginx", up: null, last: "no result yet", age: null }],
            master: null,
            link: false,
          }),
        ],
      },
    },
    { kind: "ask", what: { kind: "report" } },
    { kind: "ask", what: { kind: "parts" } },
    { kind: "ask", what: { kind: "keys", of: "[check.nginx]" } },
    {
      kind: "keys",
      page: {
        file: "00112233445566aa",
        of: "[check.nginx]",
        index: 0,
        count: 1,
        hashes: [["http", "aa"], ["interval", "bb"]],
      },
    },
  ],
};

for (const [version, meant] of Object.entries(RECORDED)) {
  Deno.test(`messages: what ${version} said is read`, async () => {
    const file = new URL(`recorded/${version}.txt`, import.meta.url);
    const lines = (await Deno.readTextFile(file)).trimEnd().split("\n");
    deepStrictEqual(lines.map((line) => decodeMessage(new TextEncoder().encode(line))), meant);
  });
}

Deno.test("messages: this version says what is recorded of it", async () => {
  const [version = "", meant = []] = Object.entries(RECORDED).at(-1) ?? [];
  const said = meant.flatMap((message): readonly Uint8Array[] => {
    if (message.kind === "ask") return [encodeAsk(message.what)];
    if (message.kind === "keys") return encodePages(message.page);
    const { number, node, routers } = message.part;
    return encodeReport(number, node, routers);
  });
  const recorded = await Deno.readTextFile(new URL(`recorded/${version}.txt`, import.meta.url));
  strictEqual(`${said.map((one) => new TextDecoder().decode(one)).join("\n")}\n`, recorded);
});

Deno.test("messages: what a newer version adds is skipped, what it changes is not guessed", () => {
  const node = { ...nodeReport(), colour: "blue" };
  const routers = [
    { ...routerReport(), epoch: 17 },
    { ...routerReport({ name: "db" }), state: "voting" },
    "web",
    null,
  ];
  const report = { kind: "report", number: 1, index: 0, last: true, node, routers, more: {} };
  const part = partOf(text(report));
  deepStrictEqual(part.routers, [routerReport()]);
  deepStrictEqual(part.node, nodeReport());
  strictEqual(decodeMessage(text({ ...report, kind: "vote" })), undefined);
  strictEqual(decodeMessage(text({ kind: "ask", what: { kind: "logs" } })), undefined);
});

Deno.test("messages: many routers go in several texts, none is lost", () => {
  const routers = Array.from({ length: 300 }, (_, i) => routerReport({ name: `web${i}` }));
  const texts = encodeReport(3, nodeReport(), routers);
  ok(texts.length > 50 && texts.every(({ length }) => length <= MAX_MESSAGE), `${texts.length}`);
  const parts = texts.map(partOf);
  deepStrictEqual(parts.flatMap((part) => part.routers), routers);
  deepStrictEqual(parts.map(({ index }) => index), parts.map((_, i) => i));
  deepStrictEqual(parts.map(({ last }) => last), parts.map((_, i) => i === parts.length - 1));
});

Deno.test("messages: a router with too much to say says what is down, and counts the rest", () => {
  const checks = Array.from({ length: 100 }, (_, i) => ({
    name: `check${i}`,
    up: i !== 77,
    last: "ü".repeat(300),
    age: 1,
  }));
  const router = routerReport({ cause: "x".repeat(5000), checks });
  const [bytes, ...others] = encodeReport(1, nodeReport(), [router]);
  deepStrictEqual(others, []);
  const [read] = partOf(bytes).routers;
  strictEqual(read?.checks[0]?.name, "check77");
  strictEqual((read?.checks.length ?? 0) + (read?.more ?? 0), 100);
});

Deno.test("messages: a router whose name is longer than a datagram is left out", () => {
  const long = routerReport({ name: "x".repeat(2000) });
  deepStrictEqual(partOf(encodeReport(1, nodeReport(), [long, routerReport()])[0]).routers, [
    routerReport(),
  ]);
});

Deno.test("messages: fingerprints of many parts come on pages", () => {
  const hashes = Array.from({ length: 400 }, (_, i) => [`[instance.web${i}]`, "0123456789abcdef"]);
  const pages = encodePages({ file: "f", of: null, hashes: hashes as [string, string][] })
    .map((bytes) => decodeMessage(bytes));
  const read = pages.flatMap((one) => one?.kind === "keys" ? one.page.hashes : []);
  deepStrictEqual(read, hashes);
});

Deno.test("messages: nothing in them moves a cursor or begins a line", () => {
  const router = routerReport({ name: "a\u001b[2Jb", cause: "one\ntwo\u202e" });
  const [read] = partOf(text({
    kind: "report",
    number: 1,
    index: 0,
    last: true,
    node: nodeReport({ version: "\u0007" }),
    routers: [router],
  })).routers;
  deepStrictEqual([read?.name, read?.cause], ["a?[2Jb", "one?two?"]);
});

Deno.test("messages: wrong values are none", () => {
  const wrong: readonly unknown[] = [-1, 1.5, 1e300, "7", null, true, [], {}];
  const report = { kind: "report", number: 1, index: 0, last: true, node: nodeReport() };
  for (const value of wrong) {
    for (const name of ["number", "index", "node"]) {
      strictEqual(decodeMessage(text({ ...report, routers: [], [name]: value })), undefined, name);
    }
    const part = partOf(text({ ...report, routers: [{ ...routerReport(), age: value }] }));
    strictEqual(part.routers[0]?.age, 0);
  }
  strictEqual(decodeMessage(text({ ...report, index: MAX_PARTS })), undefined);
  strictEqual(decodeMessage(new Uint8Array(MAX_MESSAGE + 1).fill(0x20)), undefined);
});

Deno.test("messages: whatever ages a node tells, each is a date of the calendar", () => {
  const age = Number.MAX_SAFE_INTEGER;
  const node = nodeReport({
    up: age,
    fileAge: age,
    maintenance: { age, left: age, reason: null },
  });
  const checks = [{ name: "nginx", up: true, last: "", age }];
  const routers = [routerReport({ age, interval: age, checks })];
  const told = partOf(encodeReport(1, node, routers)[0]);
  const [router] = told.routers;
  const { maintenance } = told.node;
  const ages = [told.node.up, told.node.fileAge, maintenance?.age, maintenance?.left].concat(
    router?.age,
    router?.interval,
    router?.checks[0]?.age,
  );
  strictEqual(ages.length, 7);
  for (const clock of ["1970-01-01T00:00:00Z", "2026-12-01T00:00:00Z"].map(Date.parse)) {
    for (const one of ages.flatMap((ms) => [ms ?? NaN, -(ms ?? NaN)])) {
      match(formatWallTime(clock + one as WallTime), /^\d{4}-/);
    }
  }
});

Deno.test("messages: questions are read as they are put", () => {
  const all: readonly Wanted[] = [
    { kind: "report" },
    { kind: "routers", of: ["web/ipv4", "six/ipv6"] },
    { kind: "parts" },
    { kind: "keys", of: "[nodes]" },
  ];
  for (const what of all) deepStrictEqual(decodeMessage(encodeAsk(what)), { kind: "ask", what });
});

Deno.test("messages: a report of one router is short", () => {
  const [bytes] = encodeReport(1, nodeReport(), [routerReport() as RouterReport]);
  ok((bytes?.length ?? 0) < 640, `${bytes?.length} bytes`);
});

Deno.test("messages: questions for many virtual routers come in several, none is lost", () => {
  const of = Array.from({ length: 1000 }, (_, i) => `instance-${i}/ipv4`);
  const asks = encodeAskRouters(of);
  ok(asks.length < 40 && asks.every(({ length }) => length <= MAX_MESSAGE), `${asks.length}`);
  const read = asks.map((bytes) => decodeMessage(bytes)).flatMap((message) =>
    message?.kind === "ask" && message.what.kind === "routers" ? message.what.of : []
  );
  deepStrictEqual(read, of);
});
