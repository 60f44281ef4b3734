/** Tables of cost: by size, beside keepalived, and how far from linear. */
import { build } from "../../packaging/build.ts";
import { type Builds, type Cost, measureCost, type Size, SMALLEST } from "./cost.ts";
import { failovers } from "./failovers.ts";
import { nodes } from "./nodes.ts";
import { noise } from "./noise.ts";
import { measurePackage, measureStart } from "./start.ts";
import { formatTable, median, range } from "./table.ts";
import { PROGRAMS } from "./takeover.ts";

/** A series of sizes; the cost of each is to grow as `units` does. */
interface Series {
  readonly title: string;
  readonly sizes: readonly {
    readonly label: string;
    readonly units: number;
    readonly size: Size;
  }[];
}

const INSTANCES = [1, 10, 100, 255];

const SERIES = {
  instances: {
    title: "instances, adverts of 1 s, become master one after the other within a second",
    sizes: INSTANCES.map((instances) => sized(instances, "instances", { instances })),
  },
  phase: {
    title: "instances that become master all at once",
    sizes: INSTANCES.map((instances) => sized(instances, "in phase", { instances, spread: false })),
  },
  addresses: {
    title: "addresses of one instance",
    sizes: [1, 10, 50, 255].map((addresses) => sized(addresses, "addresses", { addresses })),
  },
  peers: {
    title: "unicast peers of each of 10 instances",
    sizes: [2, 10, 50].map((peers) => sized(peers, "peers", { instances: 10, peers })),
  },
  packets: {
    title: "adverts per second of one instance, sent (master) and heard (backup)",
    sizes: [1, 10, 100].map((rate) => sized(rate, "per second", { intervalMs: 1000 / rate })),
  },
} as const satisfies Record<string, Series>;

/**
 * Parts of the measurement of cost, by name; each prints its table. `runs`: stretches of
 * {@link STRETCH_MS}, or starts.
 */
export const COST_SECTIONS: Readonly<Record<string, (runs: number) => Promise<void>>> = {
  ...Object.fromEntries(
    Object.entries(SERIES).map(([name, series]) => [name, (runs) => printSeries(series, runs)]),
  ),
  noise,
  failovers,
  nodes,
  startup: printStart,
  size: printSize,
};

const STRETCH_MS = 5000;

function sized(units: number, what: string, difference: Partial<Size>): Series["sizes"][number] {
  return { label: `${units} ${what}`, units, size: { ...SMALLEST, ...difference } };
}

const HEAD = [
  "size",
  "program, role",
  "CPU s/min (range)",
  "private MB",
  "PSS MB",
  "RSS MB",
  "threads",
  "wake-ups/s",
  "calls/s",
  "sent/s",
];

async function printSeries({ title, sizes }: Series, runs: number): Promise<void> {
  console.log(`\nCost: ${title}; median of ${runs} stretches of ${STRETCH_MS / 1000} s\n`);
  await using builds = await Folders.make(2);
  const programs: Builds = [`${builds.folders[0]}/floatip`, `${builds.folders[1]}/floatip`];
  const patience = { stretchMs: STRETCH_MS, stretches: runs };
  const rows: string[][] = [];
  const perUnit = new Map<string, number[]>();
  for (const { label, units, size } of sizes) {
    const measured = await Promise.all(
      PROGRAMS.map((program) => measureCost(program, size, patience, programs)),
    );
    for (const [i, program] of PROGRAMS.entries()) {
      for (const cost of measured[i] ?? []) {
        const who = `${program}, ${cost.role}`;
        rows.push([label, who, ...cellsOf(cost)]);
        console.error(rows.at(-1)?.join("  "));
        const cpu = median(cost.uses.map((use) => use.cpuSecondsPerMinute));
        perUnit.set(who, [...perUnit.get(who) ?? [], cpu / units]);
      }
    }
  }
  console.log(formatTable(HEAD, rows));
  const linear = [...perUnit].map(([who, values]) =>
    `${who}: ${values.map((value) => value.toFixed(4)).join(", ")} (last to second: ${
      ((values.at(-1) ?? NaN) / (values[sizes.length > 3 ? 1 : 0] ?? NaN)).toFixed(2)
    })`
  );
  console.log(`\nCPU s/min for one of them:\n${linear.join("\n")}`);
}

function cellsOf({ uses, sentPerSecond, callsPerSecond }: Cost): readonly string[] {
  const of = (pick: (use: Cost["uses"][number]) => number): readonly number[] => uses.map(pick);
  const cpu = of((use) => use.cpuSecondsPerMinute);
  const [least, most] = range(cpu);
  return [
    `${median(cpu).toFixed(3)} (${least.toFixed(3)}..${most.toFixed(3)})`,
    median(of((use) => use.privateMegabytes)).toFixed(1),
    median(of((use) => use.proportionalMegabytes)).toFixed(1),
    median(of((use) => use.residentMegabytes)).toFixed(1),
    median(of((use) => use.threads)).toFixed(0),
    median(of((use) => use.wakeUpsPerSecond)).toFixed(1),
    callsPerSecond?.toFixed(0) ?? "-",
    sentPerSecond?.toFixed(1) ?? "-",
  ];
}

async function printStart(runs: number): Promise<void> {
  console.log("\nStart: ms, least / median / most\n");
  await using builds = await Folders.make(1);
  const found = await measureStart(builds.folders[0] ?? "", runs);
  const row = (label: string, values: readonly number[]) => {
    const [least, most] = range(values);
    return [label, `${least.toFixed(0)} / ${median(values).toFixed(0)} / ${most.toFixed(0)}`];
  };
  console.log(formatTable(["what", "ms"], [
    row("floatip version, processor time", found.version),
    row("floatip status, processor time", found.status),
    row("floatip run, exec to READY=1", found.ready),
    row("the same, processor time", found.readyCpu),
  ]));
}

async function printSize(): Promise<void> {
  const { packed, installed, denoInstalled } = await measurePackage();
  console.log(
    `\nSize: Deno's own program is ${denoInstalled.toFixed(1)} MB of what is installed\n`,
  );
  console.log(formatTable(["what", "MB"], [
    ["package (.deb)", packed.toFixed(1)],
    ["installed", installed.toFixed(1)],
  ]));
}

/**
 * Builds in folders of their own, each with a copy of Deno's program: no two of them share memory.
 */
class Folders implements AsyncDisposable {
  private constructor(readonly folders: readonly string[]) {}

  static async make(count: number): Promise<Folders> {
    const made = new Folders(
      Array.from({ length: count }, () => Deno.makeTempDirSync({ prefix: "floatip-cost-" })),
    );
    for (const folder of made.folders) {
      await build("bundle", folder);
      const runtime = `${folder}/lib/floatip`;
      await Deno.copyFile(runtime, `${runtime}.copy`);
      await Deno.rename(`${runtime}.copy`, runtime);
    }
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.folders) await Deno.remove(folder, { recursive: true });
  }
}
