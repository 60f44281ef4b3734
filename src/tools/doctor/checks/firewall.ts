/** Does this machine's packet filter let VRRP through? Its own rules are read and walked. */
import { firewallLines } from "../../firewall/formats.ts";
import { type Obstacle, obstaclesOf } from "../../firewall/blocked.ts";
import { type Passage, passagesOf, passageWords } from "../../firewall/required_traffic.ts";
import { nftChainOf, type Survey, survey } from "../../firewall/detect.ts";
import { formatIp } from "../../../net/ip.ts";
import type { Examination } from "../check.ts";
import { type Finding, ok, problem, unknown } from "../finding.ts";

/** firewall */
export const firewall: Examination = {
  name: "firewall",
  needs: "interface",
  async examine({ plan }, world) {
    const passages = plan === undefined ? [] : passagesOf(plan.node, world.interfaces);
    return judgeFirewall(passages, await survey(world.ask, passages));
  },
};

/** One problem for each passage that is barred, with the rule that is missing. */
export function judgeFirewall(passages: readonly Passage[], found: Survey): readonly Finding[] {
  const obstacles = obstaclesOf(passages, found.rulesets);
  if (found.refusal !== undefined && found.rulesets.length === 0) {
    return [unknown(`the rules cannot be read: ${found.refusal}`, "sudo floatip doctor")];
  }
  const barred = obstacles.filter(({ fate }) => fate.kind === "dropped");
  if (barred.length > 0) return barred.map((obstacle) => judgeObstacle(obstacle, found));
  const doubtful = obstacles[0];
  if (doubtful !== undefined) {
    return [
      unknown(`it cannot be told whether ${where(doubtful)} lets ${words(doubtful)} through`),
    ];
  }
  const filters = found.rulesets.some(({ chains }) =>
    chains.some(({ base }) => base !== undefined)
  );
  return [ok(filters ? "the packet filter lets the adverts through" : "no packet filter")];
}

function judgeObstacle(obstacle: Obstacle, { format, surfaces, rulesets }: Survey): Finding {
  const { passage, program, fate } = obstacle;
  const by = fate.byPolicy ? "by its policy" : "by a rule";
  // Rules of iptables' are not nft's to add to.
  const own = format === "nft" && program !== "nft" && rulesets.length > 0 ? "iptables" : format;
  const chains = program === "nft" ? [nftChainOf(obstacle)] : [];
  const lines = firewallLines([passage], own, { ...surfaces, chains, outgoing: true });
  const fix = own === "nft" ? lines.map((line) => `nft '${line}'`) : lines;
  return problem(
    `${where(obstacle)} drops ${words(obstacle)}, ${by}`,
    passage.direction === "in"
      ? "This node does not hear its peers, and takes the address while another one holds it."
      : "The peers do not hear this node, and take the address while it holds it.",
    fix.join("\n") || "floatip firewall",
  );
}

function where({ program, fate }: Obstacle): string {
  return program === "nft" ? `nft's chain ${fate.chain}` : `${program}'s ${fate.chain}`;
}

function words({ passage }: Obstacle): string {
  return passageWords(passage, formatIp);
}
