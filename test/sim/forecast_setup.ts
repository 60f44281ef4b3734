/** The cluster that a forecast is tried on: one file for all nodes, drawn from a seed. */
import {
  milliseconds,
  type Nanoseconds,
  nanoseconds,
  seconds,
  writeDuration,
} from "../../src/time.ts";
import type { Random } from "./random.ts";

/** A cluster with one instance called web, or two in a group. */
export interface ForecastSetup {
  /** "n1", "n2", …: node n1 has 192.168.1.11 and fd01::11, and so on. */
  readonly names: readonly string[];
  /** The file of all nodes. */
  readonly toml: string;
  /** Those that are checked, without prefix length: each is on one node. */
  readonly addresses: readonly string[];
  readonly preempt: boolean;
  /** No master-down interval is longer. */
  readonly longestDown: Nanoseconds;
  /**
   * In a group a member that followed another holds back for some master-down intervals; alone 2
   * are enough.
   */
  readonly settlingDowns: number;
  /** No skew is longer. */
  readonly longestSkew: Nanoseconds;
  readonly preemptDelay: Nanoseconds;
  /** The longest time until a check has noticed a change. */
  readonly longestVerdict: Nanoseconds;
}

/** Half of the clusters have checks with weights; an owner and a group can have none. */
type Style = "weighted" | "mixed" | "owner" | "group";

const FAMILIES = {
  ipv4: { nodes: (n: number) => `192.168.1.${10 + n}`, floating: ["192.168.1.50/24"] },
  ipv6: { nodes: (n: number) => `fd01::${10 + n}`, floating: ["fd01::50/64"] },
} as const;

/** Draws a cluster. */
export function drawForecastSetup(random: Random): ForecastSetup {
  const style = random.pick<Style>(["weighted", "mixed", "mixed", "mixed", "owner", "group"]);
  const count = random.pick([1, 2, 2, 2, 3, 3, 3, 4, 4, 5]);
  const names = Array.from({ length: count }, (_, index) => `n${index + 1}`);
  const version = random.chance(0.2) ? 2 : 3;
  const families = version === 2
    ? ["ipv4"] as const
    : random.pick([["ipv4"], ["ipv4"], ["ipv6"], ["ipv4", "ipv6"]] as const);
  const interval = version === 2
    ? seconds(1)
    : milliseconds(random.pick([10, 50, 100, 100, 200, 200, 500, 1000]));
  const longestSkew = nanoseconds(Math.max(interval, version === 2 ? 1e9 : 0));
  const preempt = random.chance(0.6);
  const preemptDelay = preempt && random.chance(0.2)
    ? nanoseconds(random.between(1, 5) * interval)
    : seconds(0);
  const hasOwner = style === "owner" || (style === "group" && random.chance(0.3));
  const checks = drawChecks(style, random);
  const floating = families.flatMap((family) => FAMILIES[family].floating);
  const inside = style === "group" ? ["10.0.2.50/24"] : [];
  const priorities = drawPriorities(names, hasOwner, random);
  const common = [
    `version = ${version}`,
    `advert_interval = "${writeDuration(interval)}"`,
    `preempt = ${preempt}`,
    ...(preemptDelay === 0 ? [] : [`preempt_delay = "${writeDuration(preemptDelay)}"`]),
    `checks = ${JSON.stringify(checks.map(({ name }) => name))}`,
  ];
  const multicast = random.chance(0.3) ? ['transport = "multicast"'] : [];
  const lines = [
    ...nodes(names, families),
    ...instance("web", 51, floating, [...priorities, ...common, ...multicast]),
    ...group(inside, [
      ...(random.chance(0.5) ? priorities : drawPriorities(names, false, random)),
      ...common,
    ]),
    ...checks.flatMap(({ lines }) => [...lines, ""]),
  ];
  return {
    names,
    toml: lines.join("\n"),
    addresses: [...floating, ...inside].map((prefix) => prefix.split("/", 1)[0] ?? ""),
    preempt,
    longestDown: nanoseconds(3 * interval + longestSkew),
    longestSkew,
    settlingDowns: style === "group" ? 4 : 2,
    preemptDelay,
    longestVerdict: nanoseconds(Math.max(...checks.map((check) => check.verdict))),
  };
}

function nodes(
  names: readonly string[],
  families: readonly (keyof typeof FAMILIES)[],
): readonly string[] {
  const entries = names.map((name, index) => {
    const own = families.map((family) => FAMILIES[family].nodes(index + 1));
    return `${name} = ${JSON.stringify(own.length === 1 ? own[0] : own)}`;
  });
  return ["[nodes]", ...entries, ""];
}

function instance(
  name: string,
  vrid: number,
  floating: readonly string[],
  more: readonly string[],
): readonly string[] {
  const own = [`vrid = ${vrid}`, `addresses = ${JSON.stringify(floating)}`];
  return [`[instance.${name}]`, ...own, ...more, ""];
}

/** A second instance on another LAN that moves with web; none where it has no addresses. */
function group(floating: readonly string[], more: readonly string[]): readonly string[] {
  if (floating.length === 0) return [];
  const place = ['interface = "eth1"', 'transport = "multicast"'];
  return [
    ...instance("inside", 52, floating, [...place, ...more]),
    "[group.both]",
    'instances = ["web", "inside"]',
    "",
  ];
}

/** The lines that say who is better: none, one number for all, a number for each, or an order. */
function drawPriorities(
  names: readonly string[],
  hasOwner: boolean,
  random: Random,
): readonly string[] {
  const owner = hasOwner ? random.pick(names) : undefined;
  const form = hasOwner
    ? "each"
    : random.pick(["each", "each", "prefer", "prefer", "same", "none"]);
  switch (form) {
    case "each": {
      const near = random.between(2, 240);
      const each = names.map((name) => {
        const priority = name === owner
          ? 255
          : random.pick([random.between(1, 254), near, near, near + random.between(1, 10), 1, 254]);
        return `${name} = ${priority}`;
      });
      return [`priority = { ${each.join(", ")} }`];
    }
    case "prefer": {
      const order = names.map((name) => ({ name, place: random.u32() }))
        .toSorted((a, b) => a.place - b.place)
        .map(({ name }) => name);
      return [`prefer = ${JSON.stringify(order.slice(0, random.between(1, names.length)))}`];
    }
    case "same":
      return [`priority = ${random.between(1, 254)}`];
    default:
      return [];
  }
}

interface CheckDraft {
  readonly name: string;
  /** The longest time until it has noticed a change. */
  readonly verdict: Nanoseconds;
  readonly lines: readonly string[];
}

function drawChecks(style: Style, random: Random): readonly CheckDraft[] {
  const count = random.pick([1, 1, 2, 3]);
  return ["nginx", "disk", "load"].slice(0, count).map((name) => {
    const interval = milliseconds(random.pick([100, 200, 300]));
    const size = random.pick([
      random.between(1, 12),
      random.between(1, 12),
      random.between(1, 253),
    ]);
    const weight = random.chance(0.5) ? size : -size;
    const isWeighted = style === "weighted" || (style === "mixed" && random.chance(0.5));
    const byValue = isWeighted && random.chance(0.3);
    const [fall, rise] = [random.pick([1, 1, 2, 3]), random.pick([1, 1, 2, 3])];
    const lines = [
      `[check.${name}]`,
      ...(byValue ? [`file = "/run/${name}"`, 'want = "value"'] : [`process = "${name}"`]),
      `interval = "${writeDuration(interval)}"`,
      `fall = ${fall}`,
      `rise = ${rise}`,
      ...(isWeighted ? [`weight = ${weight}`] : []),
    ];
    return { name, verdict: nanoseconds(interval * Math.max(fall, rise)), lines };
  });
}
