/** The end of `floatip init`: the file is written, and the next steps are printed. */
import { decode } from "../../config/decode.ts";
import { type FirstNode, PAGE_PORT } from "../../config/first_file.ts";
import { plan } from "../../config/plan/plan_node.ts";
import { formatEndpoint, formatIp, type Ip, sameIp } from "../../net/ip.ts";
import type { Prefix } from "../../net/prefix.ts";
import { blockedTraffic, detectFilters } from "../../tools/firewall/detect.ts";
import { requiredTrafficOf } from "../../tools/firewall/required_traffic.ts";
import { asRoot, copySecretWords, copyWords } from "../copy_words.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { invite } from "../invite/run.ts";
import type { FirstSecret } from "../key/draw.ts";
import { look } from "../machine.ts";
import { askProgram } from "../programs.ts";
import type { Terminal } from "../terminal.ts";

/** What was made, and for whom. */
interface Made {
  readonly file: string;
  readonly text: string;
  /** Undefined: the file has no [cluster], or nothing is written. */
  readonly secret: FirstSecret | undefined;
  readonly nodes: readonly FirstNode[];
  readonly self: FirstNode;
  /** The floating one. */
  readonly address: Prefix;
  readonly hasPage: boolean;
  readonly isDry: boolean;
}

/**
 * Says what was made, gives it to the other nodes where a person waits for that (`attended`), and
 * says what comes next.
 */
export async function end(terminal: Terminal, made: Made, attended: boolean): Promise<ExitCode> {
  const { file, text, secret, self, isDry } = made;
  const others = othersOf(made);
  const place = placeOf(made);
  const filter = await filterStep(text, place);
  terminal.error(lines([
    "",
    isDry ? "nothing was written (--dry-run)" : `wrote ${file}`,
    ...secretLines(secret),
    ...filter.length === 0 ? [] : ["", ...filter],
  ]));
  const isGiven = !isDry && attended && others.length > 0 && secret?.kind !== "denied" &&
    await give(terminal, file, self);
  terminal.error(lines([
    "",
    ...isGiven ? ["Now, here:"] : [...copies(made, others), "", "Then, on each of them:"],
    `  ${asRoot()}systemctl enable --now floatip`,
    "and on any of them:",
    `  ${asRoot()}floatip status`,
    `  ${asRoot()}floatip doctor${place}   # is anything in the way?`,
    ...made.hasPage
      ? [`The page: http://${formatEndpoint(formatIp(made.address.address), PAGE_PORT)}/`]
      : [],
  ]));
  return EXIT.ok;
}

function lines(all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}

function othersOf({ nodes, self }: Made): readonly FirstNode[] {
  return nodes.filter(({ address }) => !sameIp(address, self.address));
}

function placeOf({ file }: Made): string {
  return file === DEFAULT_CONFIG_FILE ? "" : ` -c ${file}`;
}

/** False where this machine cannot: the reason was said. */
async function give(terminal: Terminal, file: string, self: FirstNode): Promise<boolean> {
  try {
    await invite(terminal, file === DEFAULT_CONFIG_FILE ? {} : { config: file });
    return true;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    terminal.error(lines(["", `${self.name} cannot invite the others: ${error.message}`]));
    return false;
  }
}

/** How file and secret get to the other machines. */
function copies(made: Made, others: readonly FirstNode[]): readonly string[] {
  const { file, secret, isDry } = made;
  if (others.length === 0) return ["Copy this very file to the other machines."];
  const names = others.map(({ name }) => name).join(" and ");
  const place = placeOf(made);
  return [
    `${names} ${others.length === 1 ? "needs" : "need"} this very file and the secret. Here:`,
    ...secret?.kind === "denied" ? [`  sudo floatip key new${place}`] : [],
    `  ${asRoot()}floatip invite${place}   # prints the one line to run there`,
    ...isDry || secret === undefined || secret.kind === "denied" ? [] : [
      "or by ssh, so that no terminal shows the secret:",
      ...others.flatMap(({ address }) => [
        copyWords(file, address),
        ...copySecretWords(secret.file, address),
      ]).map((line) => `  ${line}`),
    ],
  ];
}

function secretLines(secret: FirstSecret | undefined): readonly string[] {
  switch (secret?.kind) {
    case "drawn":
      return [`drew the secret of [cluster], key ${secret.id}: ${secret.file}`];
    case "kept":
      return [`the secret of [cluster] was there already, and stays: ${secret.file}`];
    case "denied":
      return [`the secret of [cluster] is not drawn: this user may not write ${secret.file}`];
    case undefined:
      return [];
  }
}

/** How this machine joins a cluster that runs already. */
export function joinWords(node: Ip): string {
  return lines([
    `To join it: run  sudo floatip invite  on ${formatIp(node)}, and here the line that it prints.`,
    "(keepalived has /etc/keepalived/keepalived.conf instead: see `floatip import --help`)",
  ]).trimEnd();
}

/** Where this machine's packet filter would drop VRRP, the command that lets it through. */
async function filterStep(text: string, place: string): Promise<readonly string[]> {
  const decoded = decode(text);
  if (decoded.kind === "problems") return [];
  const machine = await look();
  const { node } = plan(decoded.config, machine, undefined, undefined);
  const passages = requiredTrafficOf(node, decoded.config, machine.interfaces);
  const found = await detectFilters(askProgram, passages);
  const dropped = blockedTraffic(passages, found.rulesets)
    .filter(({ verdict: fate }) => fate.kind === "dropped");
  const isVrrp = dropped.some(({ traffic }) => traffic.kind !== "channel");
  const reader = `${asRoot()}${found.format === "nft" ? "nft -f -" : "sh"}`;
  const what = isVrrp ? "VRRP" : "what [cluster] needs";
  if (dropped.length === 0) return [];
  return [
    `The packet filter here drops ${what}. This lets it through (the same on the others):`,
    `  ${asRoot()}floatip firewall${place} | ${reader}`,
  ];
}
