/** Check of the packet filter: its rules are read and evaluated for what floatip needs. */
import { formatIp } from "../../../net/ip.ts";
import {
  type BlockedTraffic,
  blockedTraffic,
  type DetectedFilters,
  detectFilters,
  nftChainOf,
} from "../../firewall/detect.ts";
import { firewallLines } from "../../firewall/formats.ts";
import {
  type RequiredTraffic,
  requiredTrafficOf,
  trafficText,
} from "../../firewall/required_traffic.ts";
import { type DoctorCheck, type Finding, ok, problem, unknown } from "../check.ts";

/** The packet filter of this machine. */
export const firewall: DoctorCheck = {
  name: "firewall",
  needs: "interface",
  async run({ plan }, environment) {
    const required = plan === undefined
      ? []
      : requiredTrafficOf(plan.node, plan.config, environment.interfaces);
    return judgeFirewall(required, await detectFilters(environment.ask, required));
  },
};

/** One problem for each kind of packet that is dropped, with the missing rule. */
function judgeFirewall(
  required: readonly RequiredTraffic[],
  found: DetectedFilters,
): readonly Finding[] {
  const blocked = blockedTraffic(required, found.rulesets);
  if (found.refusal !== undefined && found.rulesets.length === 0) {
    return [unknown(`the rules cannot be read: ${found.refusal}`, "sudo floatip doctor")];
  }
  // Rules that a container or an earlier program loaded are not seen without them.
  if (found.rulesets.length === 0) {
    return [ok("nft and iptables are not installed: no rules to look at")];
  }
  const barred = blocked.filter(({ verdict }) => verdict.kind === "dropped");
  if (barred.length > 0) return barred.map((blocked) => judgeBlocked(blocked, found));
  const doubtful = blocked[0];
  if (doubtful !== undefined) {
    const what = `it is not known whether ${where(doubtful)} lets ${text(doubtful)} through`;
    return [unknown(what)];
  }
  const filters = found.rulesets.some(({ chains }) =>
    chains.some(({ base }) => base !== undefined)
  );
  return [ok(filters ? "the packet filter lets the adverts through" : "no packet filter")];
}

function judgeBlocked(
  blocked: BlockedTraffic,
  { format, setup, rulesets }: DetectedFilters,
): Finding {
  const { traffic, program, verdict } = blocked;
  const by = verdict.byPolicy ? "by its policy" : "by a rule";
  // nft must not add rules to chains of iptables.
  const own = format === "nft" && program !== "nft" && rulesets.length > 0 ? "iptables" : format;
  const chains = program === "nft" ? [nftChainOf(blocked)] : [];
  const lines = firewallLines([traffic], own, { ...setup, chains, outgoing: true });
  const fix = own === "nft" ? lines.map((line) => `nft '${line}'`) : lines;
  return problem(
    `${where(blocked)} drops ${text(blocked)}, ${by}`,
    traffic.kind === "channel"
      ? "Nodes do not know each other's state, and status says so."
      : traffic.direction === "in"
      ? "This node does not hear its peers, and takes the address while another node holds it."
      : "The peers do not hear this node, and take the address while it holds it.",
    fix.join("\n") || "floatip firewall",
  );
}

function where({ program, verdict }: BlockedTraffic): string {
  return program === "nft" ? `nft's chain ${verdict.chain}` : `${program}'s ${verdict.chain}`;
}

function text({ traffic }: BlockedTraffic): string {
  return trafficText(traffic, formatIp);
}
