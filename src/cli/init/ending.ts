/** The end of `floatip init`: the file is written, and the next steps are printed. */
import { decode } from "../../config/decode.ts";
import type { FirstNode } from "../../config/first_file.ts";
import { plan } from "../../config/plan/plan_node.ts";
import { messageOf } from "../../error.ts";
import { type Ip, sameIp } from "../../net/ip.ts";
import { blockedTraffic, detectFilters } from "../../tools/firewall/detect.ts";
import { requiredTrafficOf } from "../../tools/firewall/required_traffic.ts";
import { copyWords, fetchWords } from "../copy_words.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { EXIT, Failure } from "../exit.ts";
import { look } from "../machine.ts";
import { askProgram } from "../programs.ts";

/** No secret is in a first file: everybody on the machine may read it. */
const MODE = 0o644;

/**
 * Writes the whole file or nothing. Throws Failure where it may not be written, or came to be in
 * the meantime.
 */
export async function writeNew(file: string, text: string, force: boolean): Promise<void> {
  const folder = file.includes("/") ? file.slice(0, file.lastIndexOf("/")) || "/" : ".";
  const draft = `${file}.new-${Deno.pid}`;
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(draft, text, { mode: MODE, createNew: true });
    try {
      if (force) await replace(draft, file);
      else await Deno.link(draft, file);
    } finally {
      await Deno.remove(draft).catch(() => {});
    }
  } catch (error) {
    throw refusal(file, error);
  }
}

/** Puts `draft` in the place of a file, never of a device or a pipe. */
async function replace(draft: string, file: string): Promise<void> {
  const there = await Deno.stat(file).catch(() => undefined);
  if (there?.isFile === false) {
    const hint = "Name a file with -c FILE; --dry-run only prints it.";
    throw new Failure(EXIT.failed, `${file} is not a file, and stays as it is`, hint);
  }
  await Deno.rename(draft, file);
}

function refusal(file: string, error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (error instanceof Deno.errors.AlreadyExists) {
    return new Failure(EXIT.failed, `${file} is there already`, "--force writes over it.");
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    const hint = "Run it as root: `sudo floatip init`; or name another file with -c FILE.";
    return new Failure(EXIT.notPermitted, `this user may not write ${file}`, hint);
  }
  return new Failure(
    EXIT.failed,
    `${file} cannot be written: ${messageOf(error)}`,
    "Nothing was written.",
  );
}

/**
 * What a person does next, as lines with a final newline: copy the file, open the filter, start.
 */
export async function nextSteps(
  file: string,
  text: string,
  nodes: readonly FirstNode[],
  self: FirstNode,
  dry: boolean,
): Promise<string> {
  const others = nodes.filter(({ address }) => !sameIp(address, self.address));
  const place = file === DEFAULT_CONFIG_FILE ? "" : ` -c ${file}`;
  const copies = others.length === 0 ? ["Copy this very file to the other machines."] : [
    `This very file belongs on ${others.map(({ name }) => name).join(" and ")} too:`,
    ...others.map(({ address }) => `  ${copyWords(file, address)}`),
  ];
  return [
    "",
    dry ? "nothing was written (--dry-run)" : `wrote ${file}`,
    "",
    ...copies,
    "Then, on every one of them:",
    ...await filterStep(text, place),
    `  floatip check${place}`,
    "  systemctl enable --now floatip",
    `  floatip doctor${place}`,
    "",
  ].join("\n");
}

/** How this machine joins the cluster of `node`: by that node's file. */
export function joinWords(node: Ip): string {
  const file = DEFAULT_CONFIG_FILE;
  return `To join it, copy its file:  ${fetchWords(file, node)}` +
    "\n(keepalived has /etc/keepalived/keepalived.conf instead: see `floatip import --help`)";
}

/** Where this machine's packet filter would drop VRRP, the command that lets it through. */
async function filterStep(text: string, place: string): Promise<readonly string[]> {
  const decoded = decode(text);
  if (decoded.kind === "problems") return [];
  const machine = await look();
  const { node } = plan(decoded.config, machine, undefined, undefined);
  const passages = requiredTrafficOf(node, decoded.config, machine.interfaces);
  const found = await detectFilters(askProgram, passages);
  const dropped = blockedTraffic(passages, found.rulesets).some(({ verdict: fate }) =>
    fate.kind === "dropped"
  );
  const reader = found.format === "nft" ? "nft -f -" : "sh";
  return dropped
    ? [`  floatip firewall${place} | ${reader}   # the packet filter here drops VRRP`]
    : [];
}
