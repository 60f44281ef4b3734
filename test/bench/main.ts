/**
 * Measures floatip beside keepalived, on this machine, in one run.
 *
 *     deno task bench                        all moves (sections.ts), about half an hour
 *     deno task bench -- sigterm handover    only these sections
 *     deno task bench -- takeover checks timers program leases reloads    others, in more detail
 *     deno task bench -- cost               by instances, addresses, peers, packets; start, size
 *     deno task bench -- instances startup  parts of that
 *     deno task bench -- page               the page's cost by viewers, and hostile clients
 *     deno task bench -- rhythm crowd       adverts of 10 ms beside busy loops; addresses of 100
 *                                           instances beside much work on links, ten minutes
 *
 * `--runs N`: 10 where nobody says. floatip is measured as built. For `cost` let nothing else of
 * Deno run: processes that map one file share its memory.
 */
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { measureTakeovers, PROGRAMS, protocolFigure } from "./takeover.ts";
import { CHECKED_PAIRS, measureChecks } from "./checks.ts";
import { measureDeletions, measureKept } from "./leases.ts";
import { COST_SECTIONS } from "./cost_table.ts";
import { ensure, missing } from "../support/lab/prerequisites.ts";
import { formatMarkdown, formatTable, type Line, median, range } from "./table.ts";
import { makes, weigh } from "./program.ts";
import { lineText, SECTIONS } from "./sections.ts";
import { measurePage } from "./page.ts";
import { reloads } from "./reloads.ts";
import { measureRhythm } from "./strain.ts";
import { measureTimers, percentile } from "./timers.ts";

const INTERVALS_MS = [1000, 100, 10];
const COUNTS = [1, 10, 100, 255];
const STRETCH_MS = 20_000;
const TIMER_INTERVALS_MS = [10, 100];

async function takeovers(runs: number): Promise<void> {
  console.log("\nTakeover: last advert of the silent master to the first of the backup, in ms");
  console.log("(VRRPv3, multicast, priority 100, idle machine; both programs side by side)\n");
  const rows: string[][] = [];
  const pairs = [
    ...PROGRAMS.map((program) => ({ name: program, program, isCluster: false })),
    { name: "floatip, [cluster]", program: "floatip", isCluster: true },
  ] as const;
  for (const intervalMs of INTERVALS_MS) {
    const figure = protocolFigure(intervalMs);
    const measured = await Promise.all(
      pairs.map(({ program, isCluster }) =>
        measureTakeovers({ program, isCluster, intervalMs }, runs)
      ),
    );
    const beside = median(
      measured[pairs.findIndex(({ program }) => program === "keepalived")] ?? [],
    );
    for (const [i, { name }] of pairs.entries()) {
      const late = (measured[i] ?? []).map((ms) => ms - figure);
      const [least, most] = range(late);
      rows.push([
        `${intervalMs} ms`,
        name,
        figure.toFixed(3),
        median(measured[i] ?? []).toFixed(3),
        (median(measured[i] ?? []) / beside).toFixed(4),
        `${median(late).toFixed(3)}`,
        `${least.toFixed(3)} .. ${most.toFixed(3)}`,
        String(runs),
      ]);
    }
  }
  console.log(formatTable(
    [
      "interval",
      "program",
      "protocol",
      "median",
      "ratio",
      "late by (median)",
      "late by (range)",
      "runs",
    ],
    rows,
  ));
}

async function checks(runs: number): Promise<void> {
  console.log(
    "\nDead service: nginx killed on the master to the first advert of its peer, and back, in ms",
  );
  console.log(
    "(checked each second, down after 2 failures; priorities 150 and 100, adverts each second)\n",
  );
  const measured = await Promise.all(CHECKED_PAIRS.map((pair) => measureChecks(pair, runs)));
  const rows = CHECKED_PAIRS.map(({ program, form }, i) => {
    const { away = [], back = [] } = measured[i] ?? {};
    const figures = [away, back].flatMap((times) => {
      const [least, most] = range(times);
      return [median(times).toFixed(0), `${least.toFixed(0)} .. ${most.toFixed(0)}`];
    });
    return [program, form, ...figures, String(runs)];
  });
  const header = ["program", "form", "away (median)", "range", "back (median)", "range", "runs"];
  console.log(formatTable(header, rows));
}

async function timers(): Promise<void> {
  console.log(`\nTimers: how late the loop is woken, ${STRETCH_MS / 1000} s each, in ms`);
  console.log("(busy: stress-ng --cpu 4 --vm 1 beside it)\n");
  const rows: string[][] = [];
  for (const company of ["idle", "busy"] as const) {
    for (const policy of ["ordinary", "real-time"] as const) {
      for (const intervalMs of TIMER_INTERVALS_MS) {
        const count = STRETCH_MS / intervalMs;
        const late = await measureTimers({ policy, company, intervalMs, count });
        const figures = [0.5, 0.99, 1].map((share) => percentile(late, share).toFixed(3));
        rows.push([company, policy, `${intervalMs} ms`, ...figures]);
      }
    }
  }
  console.log(formatTable(["machine", "scheduling", "interval", "p50", "p99", "max"], rows));
}

async function program(runs: number): Promise<void> {
  console.log(
    "\nProgram: both kinds of build; `floatip version`, and ten instances at 1 s adverts\n",
  );
  const rows: string[][] = [];
  for (const make of await makes()) {
    const { bytes, startMs, daemon } = await weigh(make, 2 * runs, STRETCH_MS);
    const [least, most] = range(startMs);
    rows.push([
      make.kind,
      make.jitless ? "off (the service)" : "on (commands)",
      (bytes / 1e6).toFixed(1),
      median(startMs).toFixed(0),
      `${least.toFixed(0)} .. ${most.toFixed(0)}`,
      daemon.residentMegabytes.toFixed(1),
      daemon.proportionalMegabytes.toFixed(1),
      daemon.cpuSecondsPerMinute.toFixed(2),
    ]);
  }
  console.log(formatTable(
    [
      "kind",
      "V8's compiler",
      "MB",
      "start ms (median)",
      "(range)",
      "RSS MB",
      "PSS MB",
      "CPU s/min",
    ],
    rows,
  ));
  if (rows.length < 3) console.log("\n(compile: not measured, there is no denort here)");
}

async function leases(): Promise<void> {
  console.log("\nLeases: addresses that the kernel deleted though they were renewed each second");
  console.log(
    `(beside three programs that make and delete veth pairs; 2 x ${STRETCH_MS / 1000} s)\n`,
  );
  const rows: string[][] = [];
  for (const count of COUNTS.slice(1, 3)) {
    rows.push([String(count), String(await measureDeletions(count, 2 * STRETCH_MS))]);
  }
  console.log(formatTable(["addresses", "deleted"], rows));
}

/**
 * The table of moves: least / median / most, in milliseconds where nothing else is said. A section
 * that fails is told and left out: the others took their time. Gives the number of those.
 */
async function moves(
  names: readonly string[],
  runs: number,
): Promise<number> {
  const lines: Line[] = [];
  let failed = 0;
  for (const name of names) {
    const load = loadavg()[0] ?? NaN;
    if (load > 1.5) console.log(`(the machine is busy already: load ${load.toFixed(1)})`);
    try {
      for await (const line of SECTIONS[name]?.({ runs }) ?? []) {
        console.log(lineText(line));
        lines.push(line);
      }
    } catch (cause) {
      failed++;
      console.error(`${name} failed: ${cause instanceof Error ? cause.stack : cause}`);
    }
  }
  console.log(`\nleast / median / most of ${runs} runs; ratio of the medians\n`);
  console.log(formatMarkdown(lines));
  return failed;
}

/** Beside two busy loops, as the daemon runs and as keepalived may be run. */
async function rhythm(): Promise<void> {
  console.log(`\nRhythm: how late adverts of 10 ms leave, ${STRETCH_MS / 1000} s each, in ms\n`);
  const rows: string[][] = [];
  for (const company of ["idle", "loops"] as const) {
    for (const policy of ["real-time", "ordinary"] as const) {
      for (const program of PROGRAMS) {
        const settings = { program, intervalMs: 10 };
        const load = loadavg()[0] ?? NaN;
        const late = await measureRhythm(settings, { policy, company }, STRETCH_MS);
        const figures = [0.5, 0.99, 1].map((share) => percentile(late, share).toFixed(2));
        rows.push([company, program, policy, ...figures, String(late.length), load.toFixed(1)]);
        console.error(rows.at(-1)?.join("  "));
      }
    }
  }
  const head = ["machine", "program", "scheduling", "p50", "p99", "max", "adverts", "load before"];
  console.log(formatTable(head, rows));
}

async function page(): Promise<void> {
  console.log(
    "\nPage: a master with adverts of 100 ms, by who looks at it; gaps of adverts in ms\n",
  );
  const rows: string[][] = [];
  for await (const { company, use, gapsMs } of measurePage()) {
    const gaps = [0.5, 0.99, 1].map((share) => percentile(gapsMs, share).toFixed(1));
    const { cpuSecondsPerMinute, privateMegabytes } = use;
    const cost = [(cpuSecondsPerMinute / 0.6).toFixed(2), privateMegabytes.toFixed(1)];
    rows.push([company, String(gapsMs.length), ...cost, ...gaps]);
    console.error(rows.at(-1)?.join("  "));
  }
  const head = ["company", "gaps", "% of a core", "MB private", "p50", "p99", "max"];
  console.log(formatTable(head, rows));
}

async function crowd(): Promise<void> {
  const [count, minutes] = [100, 10];
  console.log(`\nCrowd: ${count} instances for ${minutes} minutes beside three programs that`);
  console.log("make and delete 60 veth pairs again and again\n");
  const { deleted, takeovers } = await measureKept(count, minutes * 60_000);
  console.log(`deleted by the kernel: ${deleted}; became master: ${takeovers} (${count} at start)`);
}

const DETAILS: Readonly<Record<string, (runs: number) => Promise<void>>> = {
  takeover: takeovers,
  checks,
  timers,
  program,
  leases,
  reloads,
  rhythm,
  crowd,
  page,
  cost: async (runs) => {
    for (const section of Object.values(COST_SECTIONS)) await section(runs);
  },
  ...COST_SECTIONS,
};

interface Choice {
  readonly runs: number;
  readonly names: readonly string[];
}

/** What is wished; undefined: something that there is not. */
function choiceOf(args: readonly string[]): Choice | undefined {
  try {
    const { values, positionals: names } = parseArgs({
      args: [...args],
      options: {
        runs: { type: "string", default: "10" },
      },
      allowPositionals: true,
    });
    const runs = Number(values.runs);
    const known = names.every((name) => name in DETAILS || name in SECTIONS);
    return known && Number.isInteger(runs) && runs > 0 ? { runs, names } : undefined;
  } catch {
    return undefined;
  }
}

async function main(args: readonly string[]): Promise<number> {
  const choice = choiceOf(args);
  if (choice === undefined) {
    const known = [...Object.keys(SECTIONS), ...Object.keys(DETAILS)].join(" ");
    console.error(`usage: deno task bench -- [--runs N] [SECTION ...], of: ${known}`);
    return 2;
  }
  const isCost = choice.names.length > 0 &&
    choice.names.every((name) => name === "cost" || name in COST_SECTIONS);
  const more = isCost ? [] : ["tcpdump", "nftables", "nginx-light", "stress-ng"];
  await ensure(["iproute2", "keepalived", ...more]);
  const lacking = missing("keepalived", ...(isCost ? [] : ["tcpdump"]));
  if (lacking !== undefined) {
    console.error(`the benchmark ${lacking}`);
    return 1;
  }
  const { runs, names } = choice;
  for (const name of names.filter((name) => name in DETAILS)) await DETAILS[name]?.(runs);
  const chosen = names.length === 0 ? Object.keys(SECTIONS) : names.filter((n) => n in SECTIONS);
  const failed = chosen.length > 0 ? await moves(chosen, runs) : 0;
  return failed === 0 ? 0 : 1;
}

Deno.exit(await main(Deno.args.filter((arg) => arg !== "--")));
