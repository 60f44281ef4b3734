/** `floatip firewall`: the rules that this configuration needs in the packet filter. */
import { plan } from "../../config/plan/plan_node.ts";
import type { Config } from "../../config/config.ts";
import type { NodePlan } from "../../config/plan/plan.ts";
import type { FirewallFormat } from "../../tools/firewall/format_names.ts";
import { firewallText } from "../../tools/firewall/formats.ts";
import { type RequiredTraffic, requiredTrafficOf } from "../../tools/firewall/required_traffic.ts";
import { detectFilters } from "../../tools/firewall/detect.ts";
import { isLoopback } from "../../net/ip.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { readConfiguration } from "../read_configuration.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { look } from "../machine.ts";
import { countProblems, problemsText } from "../../config/problem.ts";
import { askProgram } from "../programs.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip firewall`. */
export interface FirewallFlags {
  readonly format?: FirewallFormat | undefined;
  readonly outgoing?: boolean | undefined;
  readonly config?: string | undefined;
  readonly node?: string | undefined;
}

/** `floatip firewall`. */
export async function firewall(terminal: Terminal, flags: FirewallFlags): Promise<ExitCode> {
  const { config, node, required } = await planOf(terminal, flags);
  const found = await detectFilters(askProgram, required);
  const format = flags.format ?? found.format;
  const setup = { ...found.setup, outgoing: flags.outgoing ?? found.setup.outgoing };
  terminal.out(firewallText(node, required, format, setup, remarksOn(config)));
  if (found.refusal !== undefined && format === "nft") {
    terminal.error(
      `floatip: this machine's rules cannot be read (${found.refusal}): ` +
        "the names of table and chain are the usual ones\n",
    );
  }
  return EXIT.ok;
}

/**
 * Metrics and the page are asked for by machines that the file does not know: their rules are for a
 * person to write.
 */
function remarksOn({ metrics, web }: Config): readonly string[] {
  const asked = metrics.listen === undefined ? [] : [metrics.listen];
  return [
    ...asked.filter(({ address }) => !isLoopback(address)).map(({ port }) =>
      `Prometheus asks at TCP port ${port}: let it in from where it runs.`
    ),
    ...(web.listen ?? []).filter(({ address }) => !isLoopback(address)).map(({ port }) =>
      `Browsers ask for the page at TCP port ${port}: let them in from where they are.`
    ),
  ];
}

/** What the file says, and what it needs of this machine. */
interface Need {
  readonly config: Config;
  readonly node: NodePlan;
  readonly required: readonly RequiredTraffic[];
}

async function planOf(terminal: Terminal, flags: FirewallFlags): Promise<Need> {
  const file = flags.config ?? DEFAULT_CONFIG_FILE;
  const loaded = await readConfiguration(file);
  if (loaded.kind === "problems") {
    terminal.error(problemsText(loaded.problems));
    const sentence = `${file} is wrong: ${countProblems(loaded.problems)}`;
    throw new Failure(EXIT.invalid, sentence, "Which rules it needs can be told when it is right.");
  }
  const machine = await look();
  const { config } = loaded;
  const { node, problems } = plan(config, machine, flags.node, undefined);
  if (node.known) {
    return { config, node, required: requiredTrafficOf(node, config, machine.interfaces) };
  }
  const why = problems[0]?.what ?? "which node this is cannot be told";
  throw new Failure(EXIT.failed, why, "Name the node that the rules are for: --node NAME.");
}
