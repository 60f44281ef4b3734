/** `floatip join`: gets the file and its secrets from a node that invites, and writes them. */
import * as v from "valibot";
import { credentialFile, LARGEST_CREDENTIAL } from "../../config/credential_files.ts";
import { decode } from "../../config/decode.ts";
import { readPlain } from "../../config/load.ts";
import { messageOf } from "../../error.ts";
import { formatIp, type Ip } from "../../net/ip.ts";
import { asRoot } from "../copy_words.ts";
import { DEFAULT_CONFIG_FILE } from "../configuration_file.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { replaceKeys, writeNewKeys } from "../key/file.ts";
import { look } from "../machine.ts";
import { demandAbsent, isThere, writeNew } from "../new_file.ts";
import type { Terminal } from "../terminal.ts";
import { JOIN_PORT, openChannel, Untrusted } from "./channel.ts";
import { PARCEL, type Parcel, REFUSAL } from "./parcel.ts";
import { parseToken } from "./token.ts";

/** Flags of `floatip join`. */
export interface JoinFlags {
  readonly force?: boolean | undefined;
  readonly port?: number | undefined;
  readonly config?: string | undefined;
}

/** The other node answers at once, or there is none. */
const PATIENCE_MS = 8000;

const IN_A_CLUSTER =
  "This machine may be in a cluster already: floatip status. --force writes over it.";

/** `floatip join ADDRESS TOKEN`. */
export async function join(
  terminal: Terminal,
  { force = false, port = JOIN_PORT, config: file = DEFAULT_CONFIG_FILE }: JoinFlags,
  address: Ip,
  typed: string,
): Promise<ExitCode> {
  const token = parseToken(typed);
  if (!force) await demandAbsent(file, IN_A_CLUSTER);
  const place = `${formatIp(address)}, port ${port} (TCP)`;
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  using connection = await connect(address, port, place, deadline);
  deadline.addEventListener("abort", () => connection.close());
  const channel = await openChannel(connection, token, "joining").catch((error) => {
    throw silent(place, port, error);
  });
  const { interfaces, hostName } = await look();
  const addresses = interfaces.addresses.map(({ prefix }) => formatIp(prefix.address));
  const parcel = await channel.send({ hostName, addresses }).then(() => channel.receive())
    .then(parcelIn).catch((error) => {
      throw error instanceof Failure ? error : unopened(place, port, error);
    });
  demandRight(parcel);
  await write(file, parcel, force);
  // From now on the other node takes this one for a node of the cluster.
  await channel.send({ kind: "done" });
  terminal.out([
    `this machine is ${parcel.node === "" ? hostName : parcel.node}`,
    `wrote ${file}, the same as on ${parcel.from}`,
    ...parcel.credentials.map(({ name }) => `wrote ${credentialFile(name)}`),
    `Next, unless your line does it: ${asRoot()}systemctl enable --now floatip`,
    `Then: ${asRoot()}floatip status`,
    "",
  ].join("\n"));
  return EXIT.ok;
}

async function connect(
  address: Ip,
  port: number,
  place: string,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  try {
    return await Deno.connect({ hostname: formatIp(address), port, signal });
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) {
      const hint = "The line works while `floatip init` or `floatip invite` waits there.\n" +
        "A new one: run `sudo floatip invite` on that node. If it waits, a packet filter there " +
        `refuses TCP port ${port}:\n${letIn(port)}`;
      throw new Failure(EXIT.failed, `no node invites at ${place}`, hint);
    }
    throw silent(place, port, error);
  }
}

/** Commands for the usual packet filters: for as long as the invitation waits. */
function letIn(port: number): string {
  return "let it in there while it waits, by nft or ufw:\n" +
    `  sudo nft insert rule inet filter input tcp dport ${port} accept\n` +
    `  sudo ufw allow ${port}/tcp\n` +
    "or copy /etc/floatip/floatip.toml and /etc/floatip/credentials/ by ssh";
}

function silent(place: string, port: number, error: unknown): Failure {
  const late = error instanceof DOMException || messageOf(error) === "the connection ended";
  const hint = "Is it the address of that node, and on this LAN? A packet filter there may drop " +
    `TCP port ${port}:\n${letIn(port)}`;
  return new Failure(
    EXIT.failed,
    `no answer from ${place}${late ? "" : `: ${messageOf(error)}`}`,
    hint,
  );
}

function unopened(place: string, port: number, error: unknown): Failure {
  if (error instanceof Untrusted || messageOf(error) === "the connection ended") {
    const hint = "Copy the line again from the node that invites, while it waits.";
    return new Failure(EXIT.failed, `${place} does not know this token`, hint);
  }
  return silent(place, port, error);
}

/** Throws Failure where it was refused. */
function parcelIn(received: unknown): Parcel {
  const refused = v.safeParse(REFUSAL, received);
  if (refused.success) {
    const hint = "Add this machine to [nodes] there, with its address; then: floatip reload, " +
      "floatip invite.";
    throw new Failure(EXIT.failed, `the other node refuses: ${refused.output.words}`, hint);
  }
  return v.parse(PARCEL, received);
}

/** The other node may be of another version. Throws Failure. */
function demandRight({ text, from }: Parcel): void {
  const decoded = decode(text);
  if (decoded.kind === "config") return;
  const [first] = decoded.problems;
  throw new Failure(
    EXIT.invalid,
    `this version does not read the file of ${from}: ${first?.what ?? "it is wrong"}`,
    "Nothing was written. Is floatip of the same version on both? floatip version",
  );
}

async function write(file: string, parcel: Parcel, force: boolean): Promise<void> {
  for (const { name, text } of parcel.credentials) {
    const place = credentialFile(name);
    if (!await isThere(place)) await writeNewKeys(place, `${text}\n`);
    else if (force || await isSame(place, text)) await replaceKeys(place, `${text}\n`);
    else {
      const hint = "It may be of another cluster. --force writes over it.";
      throw new Failure(EXIT.failed, `${place} is there already, and another`, hint);
    }
  }
  await writeNew(file, parcel.text, { force, open: parcel.open });
}

async function isSame(file: string, text: string): Promise<boolean> {
  const there = await readPlain(file, LARGEST_CREDENTIAL + 1).catch(() => undefined);
  return there !== undefined && new TextDecoder().decode(there.bytes).trimEnd() === text.trimEnd();
}
