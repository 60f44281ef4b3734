/** The end of an invitation that has file and secrets, and gives them to who knows the token. */
import * as v from "valibot";
import type { NodeEntry } from "../../config/tables/node.ts";
import { withTimeout } from "../../async.ts";
import { messageOf } from "../../error.ts";
import { formatIp, includesIp, type Ip, parseIp } from "../../net/ip.ts";
import { accepted } from "../../control/accepted.ts";
import { openChannel } from "../join/channel.ts";
import { HELLO, type Parcel } from "../join/parcel.ts";

/** How long one that connects may take, in milliseconds. */
const PATIENCE_MS = 10_000;
/** Connections at once. */
const MOST = 8;
/** What is told of those that do not know the token. */
const MOST_TOLD = 5;

/** What is given, and to whom. */
export interface Invitation {
  readonly token: string;
  readonly parcel: Omit<Parcel, "node">;
  /** Nodes that are invited; empty: all that know the token. */
  readonly nodes: readonly NodeEntry[];
  /** A node has file and secrets. */
  readonly joined: (name: string) => void;
  /** One that knows no token, or that the file does not name. */
  readonly refused: (words: string) => void;
}

/** Serves at `listener` until `isOver`; it is closed then. Never rejects. */
export async function serve(
  listener: Deno.Listener,
  invitation: Invitation,
  isOver: () => boolean,
): Promise<void> {
  let open = 0;
  let told = 0;
  const tell = (words: string) => {
    if (told++ < MOST_TOLD) invitation.refused(words);
  };
  for await (const connection of accepted(listener, isOver)) {
    if (open >= MOST) {
      connection.close();
      continue;
    }
    open++;
    const { remoteAddr: from } = connection;
    const place = "hostname" in from ? from.hostname : "a machine";
    const timer = setTimeout(() => close(connection), PATIENCE_MS);
    give(connection, invitation).catch((error) => tell(`${place}: ${messageOf(error)}`))
      .finally(() => {
        clearTimeout(timer);
        close(connection);
        open--;
      });
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It is closed.
  }
}

async function give(connection: Deno.Conn, invitation: Invitation): Promise<void> {
  const channel = await openChannel(connection, invitation.token, "inviting");
  const hello = v.parse(HELLO, await channel.receive());
  const addresses = hello.addresses.flatMap((text) => parseIp(text) ?? []);
  const node = nodeWith(invitation.nodes, addresses);
  if (invitation.nodes.length > 0 && node === undefined) {
    const words = `none of its addresses (${hello.addresses.join(", ")}) is in [nodes]: ` +
      nodeList(invitation.nodes);
    await channel.send({ kind: "refused", words });
    throw new Error(words);
  }
  await channel.send({ ...invitation.parcel, node: node?.name ?? "" });
  // It says when all is written: only then it has joined.
  await channel.receive();
  invitation.joined(node?.name ?? hello.hostName);
  await withTimeout(connection.closeWrite(), PATIENCE_MS);
}

function nodeWith(nodes: readonly NodeEntry[], addresses: readonly Ip[]): NodeEntry | undefined {
  return nodes.find((node) => node.addresses.some((one) => includesIp(addresses, one)));
}

/** "pi-b = 192.168.1.12, pi-c = 192.168.1.13" */
function nodeList(nodes: readonly NodeEntry[]): string {
  return nodes.map(({ name, addresses }) => `${name} = ${addresses.map(formatIp).join(" and ")}`)
    .join(", ");
}
