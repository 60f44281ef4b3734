/** The end of `floatip init`: the file is written, and the next steps are printed. */
import { decode } from "../../config/decode.ts";
import { credentialFile } from "../../config/credential_files.ts";
import { FIRST_CREDENTIAL, type FirstNode } from "../../config/first_file.ts";
import { plan } from "../../config/plan/plan_node.ts";
import { messageOf } from "../../error.ts";
import { type Ip, sameIp } from "../../net/ip.ts";
import { blockedTraffic, detectFilters } from "../../tools/firewall/detect.ts";
import { requiredTrafficOf } from "../../tools/firewall/required_traffic.ts";
import { copySecretWords, copyWords, fetchSecretWords, fetchWords } from "../copy_words.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { writeDraft } from "../draft.ts";
import { EXIT, Failure } from "../exit.ts";
import type { FirstSecret } from "../key/draw.ts";
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
  try {
    await Deno.mkdir(folder, { recursive: true });
    await writeDraft(
      file,
      text,
      MODE,
      (draft) => force ? replace(draft, file) : Deno.link(draft, file),
    );
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

/** What was made, and for whom. */
interface Made {
  readonly file: string;
  readonly text: string;
  /** Undefined: the file has no [cluster], or nothing is written. */
  readonly secret: FirstSecret | undefined;
  readonly nodes: readonly FirstNode[];
  readonly self: FirstNode;
  readonly isDry: boolean;
}

/**
 * What a person does next, as lines with a final newline: copy the file and the secret, open the
 * filter, start.
 */
export async function nextSteps(made: Made): Promise<string> {
  const { file, text, secret, nodes, self, isDry } = made;
  const others = nodes.filter(({ address }) => !sameIp(address, self.address));
  const place = file === DEFAULT_CONFIG_FILE ? "" : ` -c ${file}`;
  const copies = others.length === 0 ? ["Copy this very file to the other machines."] : [
    `This very file belongs on ${others.map(({ name }) => name).join(" and ")} too:`,
    ...others.map(({ address }) => `  ${copyWords(file, address)}`),
    ...secret === undefined ? [] : secretSteps(secret, others, place),
  ];
  return [
    "",
    isDry ? "nothing was written (--dry-run)" : `wrote ${file}`,
    ...secretLines(secret),
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

function secretSteps(
  { kind, file }: FirstSecret,
  others: readonly FirstNode[],
  place: string,
): readonly string[] {
  if (kind === "denied") {
    return ["The secret, and how it is copied:", `  sudo floatip key new${place}`];
  }
  return [
    "And so does the secret, which no terminal shows:",
    ...others.flatMap(({ address }) => copySecretWords(file, address)).map((line) => `  ${line}`),
  ];
}

/** How this machine joins the cluster of `node`: by that node's file. */
export function joinWords(node: Ip): string {
  const file = DEFAULT_CONFIG_FILE;
  const secret = fetchSecretWords(credentialFile(FIRST_CREDENTIAL), node);
  return [
    `To join it, copy its file:  ${fetchWords(file, node)}`,
    "and its secret, if the file has [cluster]:",
    ...secret.map((line) => `  ${line}`),
    "(keepalived has /etc/keepalived/keepalived.conf instead: see `floatip import --help`)",
  ].join("\n");
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
  const reader = found.format === "nft" ? "nft -f -" : "sh";
  const what = isVrrp ? "VRRP" : "what [cluster] needs";
  return dropped.length > 0
    ? [`  floatip firewall${place} | ${reader}   # the packet filter here drops ${what}`]
    : [];
}
