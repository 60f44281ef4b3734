/** Sound files of up to 250 instances, and what becomes of one when some of it is changed. */
import type { Random } from "../../sim/random.ts";

/** One instance: what its table says. */
interface Instance {
  readonly vrid: number;
  readonly lines: readonly string[];
}

/** A file in its parts. */
export interface LargeFile {
  readonly instances: readonly Instance[];
  readonly checks: readonly string[];
  /** Names of instances by group. */
  readonly groups: readonly (readonly string[])[];
}

/** As many instances as one link and family has room for, nearly. */
const MOST_INSTANCES = 250;

/** Floating addresses of a whole file (config/bounds.ts). */
const MOST_ADDRESSES = 4096;

const HEAD = `[nodes]
pi-a = "10.77.0.11"
pi-b = "10.77.0.12"
pi-c = "10.77.0.13"
`;

/** A file of a size that is drawn first: small, large, or with many addresses for each instance. */
export function largeFile(random: Random): LargeFile {
  const count = random.pick([1, 2, 20, 100, MOST_INSTANCES, MOST_INSTANCES]);
  const each = Math.min(200, Math.floor(MOST_ADDRESSES / count));
  const addresses = random.pick([1, 1, 2, each]);
  const checks = random.pick([0, 1, 60]);
  const isGrouped = random.chance(0.3);
  const isOwner = !isGrouped && random.chance(0.1);
  return {
    instances: Array.from(
      { length: count },
      (_, i) => instanceOf(random, i + 1, addresses, isOwner ? 0 : checks, isOwner),
    ),
    checks: Array.from({ length: checks }, () => checkOf(random, isGrouped)),
    groups: isGrouped ? groupsOf(random, count) : [],
  };
}

/** `file` after somebody's work on it: more, fewer or other instances and checks. */
export function changedFile(random: Random, file: LargeFile): LargeFile {
  if (random.chance(0.3)) return largeFile(random);
  const share = random.pick([0, 0.1, 1]);
  const addresses = random.pick([1, 2, 8]);
  const instances = file.instances.map((one) =>
    random.chance(share) ? instanceOf(random, one.vrid, addresses, file.checks.length) : one
  );
  const kept = random.chance(0.3)
    ? instances.filter((_, i) => i === 0 || random.chance(0.5))
    : instances;
  const isGrouped = file.groups.length > 0;
  const checks = file.checks.map((one) => random.chance(0.2) ? checkOf(random, isGrouped) : one);
  const names = new Set(kept.map(nameOf));
  const groups = file.groups
    .map((group) => group.filter((name) => names.has(name)))
    .filter((group) => group.length > 1);
  return { instances: kept, checks, groups };
}

/** As it stands in floatip.toml. */
export function textOf({ instances, checks, groups }: LargeFile): string {
  return [
    HEAD,
    ...instances.map((one) => `[instance.${nameOf(one)}]\n${one.lines.join("\n")}\n`),
    ...checks.map((lines, i) => `[check.c${i}]\n${lines}\n`),
    ...groups.map((group, i) => `[group.g${i}]\ninstances = ${JSON.stringify(group)}\n`),
  ].join("");
}

/** In a few words. */
export function sizeOf({ instances, checks, groups }: LargeFile): string {
  return `${instances.length} instances, ${checks.length} checks, ${groups.length} groups`;
}

function nameOf({ vrid }: Instance): string {
  return `i${vrid}`;
}

function instanceOf(
  random: Random,
  vrid: number,
  addresses: number,
  checks: number,
  isOwner = false,
): Instance {
  const used = Array.from(
    { length: checks === 0 ? 0 : random.between(0, 3) },
    () => `c${random.between(0, checks - 1)}`,
  );
  const order = random.pick([["pi-a", "pi-b"], ["pi-b", "pi-a"], ["pi-c", "pi-a"]]);
  const floating = Array.from(
    { length: addresses },
    (_, i) => `10.${80 + (vrid >> 4)}.${(vrid & 15) * 16 + (i >> 4)}.${(i & 15) * 16 + 1}/12`,
  );
  return {
    vrid,
    lines: [
      `vrid = ${vrid}`,
      `interface = "eth0"`,
      `addresses = [\n${floating.map((one) => `  "${one}",\n`).join("")}]`,
      isOwner ? "priority = 255" : `prefer = ${JSON.stringify(order)}`,
      ...(used.length === 0 ? [] : [`checks = ${JSON.stringify([...new Set(used)])}`]),
      `advert_interval = "${random.pick([100, 500, 1000, 1000])}ms"`,
      `preempt = ${random.chance(0.8)}`,
      ...(random.chance(0.2) ? [`transport = "multicast"`] : []),
    ],
  };
}

/** The members of a group have no checks with weights. */
function checkOf(random: Random, isGrouped: boolean): string {
  const weight = !isGrouped && random.chance(0.5) ? `\nweight = -${random.between(1, 50)}` : "";
  return `tcp = "127.0.0.1:${random.between(1, 65535)}"\ninterval = "1s"${weight}`;
}

/** Neighbours in the list are in one group, of up to 20. */
function groupsOf(random: Random, count: number): readonly (readonly string[])[] {
  const size = random.between(2, 20);
  return Array.from(
    { length: Math.floor(count / size) },
    (_, g) => Array.from({ length: size }, (_, i) => `i${g * size + i + 1}`),
  );
}
