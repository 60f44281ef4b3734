/** Check of the fence: can one be made, does it stand, and is it as the daemon says? */
import { formatIp } from "../../../net/ip.ts";
import { type DoctorCheck, type Finding, ok, problem, unknown, warning } from "../check.ts";
import type { DaemonSeen, Environment } from "../environment.ts";
import { type PlacedPlan, placedPlans } from "../target.ts";

/** Makes the addresses of a dead daemon silent when its peers may take over. */
export const fence: DoctorCheck = {
  name: "fence",
  needs: "interface",
  async run(target, environment) {
    const plans = placedPlans(target).filter(isFenced);
    const [refusal, daemon] = await Promise.all([environment.tryFence(), environment.daemon()]);
    const table = await tableOf(environment);
    return judgeFence({ plans, root: environment.root, refusal, daemon, table });
  },
};

/** A chain of the family "netdev". */
export interface NetdevChain {
  readonly table: string;
  readonly name: string;
  readonly device: string;
  readonly hook: string;
}

/** What `nft` shows. */
export interface FenceTable {
  readonly chains: readonly NetdevChain[];
  /** Addresses that are open in the fence, as texts. */
  readonly open: readonly string[];
}

/** What the fence is judged by. */
export interface FenceEvidence {
  /** The virtual routers that have a fence. */
  readonly plans: readonly PlacedPlan[];
  readonly root: boolean;
  /** Why none can be made; undefined: one can. */
  readonly refusal: string | undefined;
  readonly daemon: DaemonSeen;
  /** Undefined: `nft` is not there. */
  readonly table: FenceTable | undefined;
}

/** An owner's addresses are its machine's, and without a lease they stay. */
function isFenced({ fence: open, rules }: PlacedPlan): boolean {
  return open !== undefined && rules.lease !== undefined && rules.priority !== 255;
}

const TABLE = "floatip";

const WHY =
  "When the daemon dies, its addresses live on for whole seconds, and with fast adverts " +
  "two machines answer meanwhile.";

/** The daemon makes the table again within 2 s. */
const AGAIN = `nft delete table netdev ${TABLE}   # the daemon makes it again`;

/** One finding for each thing that is wrong. */
export function judgeFence(evidence: FenceEvidence): readonly Finding[] {
  const { plans, root, refusal, daemon, table } = evidence;
  const stands = table?.chains.some((chain) => chain.table === TABLE) ?? false;
  if (!root) return [unknown("rules of nf_tables cannot be read", "sudo floatip doctor")];
  if (daemon.kind === "silent" && daemon.why === "stopped") {
    if (!stands) return whatCanBe(plans, refusal);
    const why = "It drops nothing for good; it is in nobody's use.";
    return [warning(`a table of a daemon that has ended is left`, why, "floatip release")];
  }
  if (plans.length === 0 || refusal !== undefined) return whatCanBe(plans, refusal);
  if (table === undefined) {
    return [ok("nf_tables is there; nft is not installed: what stands was not compared")];
  }
  if (!stands) return [problem("the daemon's table netdev floatip is not there", WHY, RESTART)];
  const bare = missingChains(plans, table.chains);
  if (bare.length > 0) {
    return [problem(`the table netdev ${TABLE} lacks chains on ${bare.join(", ")}`, WHY, AGAIN)];
  }
  return judgeOpen(evidence, table);
}

const RESTART = "systemctl restart floatip   # in place: the address stays";

function whatCanBe(plans: readonly PlacedPlan[], refusal: string | undefined): readonly Finding[] {
  if (plans.length === 0) return [ok("no instance has a fence")];
  if (refusal === undefined) return [ok("the kernel takes a fence of nf_tables")];
  return [warning(`no fence can be made: ${refusal}`, WHY, fixOf(refusal))];
}

/** What `modprobe` mends, an older kernel does not have. */
function fixOf(refusal: string): string {
  return /not supported/i.test(refusal)
    ? "boot a kernel from 5.16 on, with CONFIG_NF_TABLES_NETDEV and CONFIG_NETFILTER_EGRESS"
    : "modprobe nf_tables   # of a container: on its host";
}

/** Devices of `plans` on which the fence has no ingress or no egress. */
function missingChains(
  plans: readonly PlacedPlan[],
  chains: readonly NetdevChain[],
): readonly string[] {
  const wanted = new Set(
    plans.flatMap(({ virtualAddresses }) => virtualAddresses.map((one) => one.interface)),
  );
  const has = (device: string, hook: string) =>
    chains.some((chain) => chain.table === TABLE && chain.device === device && chain.hook === hook);
  const bare = [...wanted].filter((name) => !has(name, "ingress") || !has(name, "egress"));
  return has("lo", "egress") ? bare : [...bare, "lo"];
}

/** Does the kernel have open what the daemon says that it keeps open? */
function judgeOpen({ plans, daemon }: FenceEvidence, table: FenceTable): readonly Finding[] {
  if (daemon.kind !== "running") return [ok("a fence of nf_tables stands")];
  const others = table.chains.filter((one) => one.table !== TABLE);
  const held = daemon.status.instances.filter(({ state, fence }) =>
    state === "master" && fence === "nftables"
  );
  const shut = held.flatMap(({ name }) =>
    plans.filter((plan) => plan.name === name).flatMap((plan) =>
      plan.virtualAddresses.map(({ prefix }) => formatIp(prefix.address))
    )
  ).filter((address) => !table.open.includes(address));
  if (shut.length === 0) return [ok("a fence of nf_tables stands, and is as the daemon says")];
  const taker = others.find(({ device, hook }) => device === "lo" && hook === "egress");
  const what = `${shut.join(", ")} is not open in the table netdev ${TABLE}`;
  if (taker === undefined) return [problem(what, "Neighbours get no answers.", AGAIN)];
  return [problem(
    `${what}: chain ${taker.name} of netdev ${taker.table} filters what leaves lo`,
    "It drops the frames by which the daemon keeps its addresses open.",
    `nft delete chain netdev ${taker.table} ${taker.name}`,
  )];
}

async function tableOf({ ask }: Environment): Promise<FenceTable | undefined> {
  // As text: in JSON nft 1.0.6 leaves the devices out.
  const chains = await ask(["nft", "list", "chains", "netdev"]);
  if (chains === undefined) return undefined;
  const sets = await Promise.all(
    ["open4", "open6"].map((name) => ask(["nft", "-j", "list", "set", "netdev", TABLE, name])),
  );
  return {
    chains: chainsIn(chains.stdout),
    open: sets.flatMap((set) => addressesIn(set?.stdout ?? "")),
  };
}

/** `text`: of `nft list chains netdev`; those with a hook, once for each device. */
export function chainsIn(text: string): readonly NetdevChain[] {
  const found: NetdevChain[] = [];
  let [table, name] = ["", ""];
  for (const line of text.split("\n")) {
    const [, kind, named = ""] = /^\s*(table netdev|chain) (\S+) \{/.exec(line) ?? [];
    if (kind === "chain") name = named;
    else if (kind !== undefined) table = named;
    const [, hook = "", devices] = /hook (\w+) devices? (?:= )?(.*) priority/.exec(line) ?? [];
    for (const [device] of devices?.matchAll(/[^\s{},"]+/g) ?? []) {
      found.push({ table, name, device, hook });
    }
  }
  return found;
}

/** libnftables-json(5): a set's elements are texts, or objects with a timeout. */
export function addressesIn(text: string): readonly string[] {
  return [...text.matchAll(/"val": ?"([^"]+)"/g)].flatMap(([, address]) => address ?? []);
}
