/** `floatip key`: draws the secret of [cluster], and changes it while all nodes hear each other. */
import { keyIdText, keysInOrder, MOST_KEYS } from "../../config/cluster_key.ts";
import { withNext, withoutKeys, withSigning } from "../../config/cluster_key_edit.ts";
import { credentialFile } from "../../config/credential_files.ts";
import { CREDENTIAL_PATTERN } from "../../config/credentials.ts";
import { asRoot } from "../copy_words.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { alignColumns } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { copyLines, keyNodes, keysKnown } from "./cluster.ts";
import { drawKey } from "./draw.ts";
import { type KeyFile, readKeys, replaceKeys, writeNewKeys } from "./file.ts";
import { usersOf, whyNotRetired, whyNotSigning } from "./nodes.ts";

/** Flags of `floatip key`. */
export interface KeyFlags {
  readonly print?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly credential?: string | undefined;
  readonly config?: string | undefined;
  readonly runDir?: string | undefined;
}

const RESTART = "systemctl restart floatip";

/** `floatip key new|list|rotate|retire`. */
export async function key(
  terminal: Terminal,
  flags: KeyFlags,
  what: "new" | "list" | "rotate" | "retire",
  id?: string,
): Promise<ExitCode> {
  if (id !== undefined && what !== "retire") {
    throw new Failure(EXIT.usage, `${what} takes no ID`, "retire takes one.");
  }
  if (what === "new") return await draw(terminal, flags);
  const file = fileOf(flags);
  const found = await readKeys(file);
  if (what === "list") return await list(terminal, flags, found);
  return what === "rotate"
    ? await rotate(terminal, flags, file, found)
    : await retire(terminal, flags, file, found, id);
}

function fileOf({ credential = "cluster" }: KeyFlags): string {
  if (!CREDENTIAL_PATTERN.test(credential)) {
    const hint = "A name is made of letters, digits and _ . - (100 at most).";
    throw new Failure(EXIT.usage, `${JSON.stringify(credential)} names no credential`, hint);
  }
  return credentialFile(credential);
}

async function draw(terminal: Terminal, flags: KeyFlags): Promise<ExitCode> {
  const { id, secret } = drawKey();
  if (flags.print === true) {
    terminal.out(`${secret}\n`);
    return EXIT.ok;
  }
  const file = fileOf(flags);
  await writeNewKeys(file, `${secret}\n`);
  const nodes = await keyNodes(flags.config);
  terminal.out(text([
    `wrote ${file}: key ${keyIdText(id)}`,
    "",
    "The same file belongs on the other nodes, before [cluster] names it:",
    ...await copies(file, nodes),
    "Then, in the configuration file of all nodes:",
    "  [cluster]",
    `  secret = { credential = "${flags.credential ?? "cluster"}" }`,
    `and on each of them: ${asRoot()}${RESTART}`,
  ]));
  return EXIT.ok;
}

async function list(terminal: Terminal, flags: KeyFlags, { keys }: KeyFile): Promise<ExitCode> {
  const nodes = await keysKnown(await keyNodes(flags.config), flags.runDir);
  const signing = keysInOrder(keys)[0]?.id;
  const rows = keys.map(({ id, isNext }) => ({
    id: keyIdText(id),
    state: id === signing ? "signs" : isNext ? "next" : "verifies",
  }));
  if (flags.json === true) terminal.out(`${JSON.stringify({ keys: rows, nodes }, undefined, 2)}\n`);
  else {
    const shown = rows.map(({ id, state }) => [id, state, usersOf(id, nodes)]);
    terminal.out(text(alignColumns([["KEY", "HERE", "NODES"], ...shown])));
  }
  return EXIT.ok;
}

async function rotate(
  terminal: Terminal,
  flags: KeyFlags,
  file: string,
  { text: before, keys }: KeyFile,
): Promise<ExitCode> {
  const nodes = await keyNodes(flags.config);
  const next = keys.find(({ isNext }) => isNext);
  if (next === undefined) {
    if (keys.length >= MOST_KEYS) {
      throw new Failure(
        EXIT.failed,
        `there are ${MOST_KEYS} keys`,
        "Old ones go first: floatip key retire",
      );
    }
    const { id, secret } = drawKey();
    await replaceKeys(file, withNext(before, secret));
    terminal.out(text([
      `key ${keyIdText(id)} is next: it verifies, and no node signs with it yet`,
      ...await spreading(file, nodes),
      `When all nodes have it, let it sign: ${asRoot()}floatip key rotate`,
    ]));
    return EXIT.ok;
  }
  const id = keyIdText(next.id);
  const why = whyNotSigning(id, await keysKnown(nodes, flags.runDir));
  demand(flags, `key ${id} may not sign yet`, why);
  await replaceKeys(file, withSigning(before, next.id));
  terminal.out(text([
    `key ${id} signs from the next start on, and the one before it verifies`,
    ...await spreading(file, nodes),
    `When all nodes sign with it, remove the old one: ${asRoot()}floatip key retire`,
  ]));
  return EXIT.ok;
}

async function retire(
  terminal: Terminal,
  flags: KeyFlags,
  file: string,
  { text: before, keys }: KeyFile,
  wanted: string | undefined,
): Promise<ExitCode> {
  const [signing] = keysInOrder(keys);
  const old = wanted === undefined
    ? keys.filter(({ id, isNext }) => !isNext && id !== signing?.id)
    : keys.filter(({ id }) => keyIdText(id) === wanted);
  if (old.length === 0) {
    const what = wanted === undefined ? "there is no old key" : `there is no key ${wanted}`;
    throw new Failure(EXIT.failed, what, "floatip key list shows which there are.");
  }
  if (old.some(({ id }) => id === signing?.id)) {
    const hint = "Another one has to sign first: floatip key rotate";
    throw new Failure(EXIT.failed, `key ${wanted} signs, and stays`, hint);
  }
  const nodes = await keyNodes(flags.config);
  const known = await keysKnown(nodes, flags.runDir);
  for (const { id } of old) {
    demand(flags, `key ${keyIdText(id)} stays`, whyNotRetired(keyIdText(id), known));
  }
  await replaceKeys(file, withoutKeys(before, old.map(({ id }) => id)));
  terminal.out(text([
    `key ${old.map(({ id }) => keyIdText(id)).join(", ")} is gone from ${file}`,
    ...await spreading(file, nodes),
  ]));
  return EXIT.ok;
}

function demand({ force }: KeyFlags, what: string, why: string | undefined): void {
  if (why === undefined || force === true) return;
  const hint = "With --force it is done all the same; nodes that do not have the key that signs " +
    "are not heard until they have it.";
  throw new Failure(EXIT.failed, `${what}: ${why}`, hint);
}

/** How all nodes get the changed file. */
async function spreading(
  file: string,
  nodes: Awaited<ReturnType<typeof keyNodes>>,
): Promise<readonly string[]> {
  return [
    "Copy the file to the other nodes and restart floatip there, which keeps its addresses:",
    ...await copies(file, nodes, RESTART),
    "and here:",
    `  ${asRoot()}${RESTART}`,
  ];
}

async function copies(
  file: string,
  nodes: Awaited<ReturnType<typeof keyNodes>>,
  then?: string,
): Promise<readonly string[]> {
  const lines = await copyLines(file, nodes, then);
  return lines.length === 0
    ? [`  as ${file}, for root alone: chmod 600`]
    : lines.map((line) => `  ${line}`);
}

function text(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
