/** An invitation at a terminal: the one line for the other machines, and who has come. */
import type { NodeEntry } from "../../config/tables/node.ts";
import { messageOf } from "../../error.ts";
import { formatIp, type Ip } from "../../net/ip.ts";
import { formatDuration, milliseconds, type Nanoseconds, toMilliseconds } from "../../time.ts";
import { EXIT, Failure } from "../exit.ts";
import { JOIN_PORT } from "../join/channel.ts";
import type { Parcel } from "../join/parcel.ts";
import { drawToken, parseToken } from "../join/token.ts";
import { rewriteLine } from "../screen.ts";
import { Ending } from "../signals.ts";
import type { Terminal } from "../terminal.ts";
import { serve } from "./serve.ts";

const REDRAW_MS = 1000;

/** What is given to whom, from where. */
export interface Invited {
  /** This machine's address, where the others ask. */
  readonly own: Ip;
  readonly port: number;
  readonly parcel: Omit<Parcel, "node">;
  /** The other nodes; empty: all that know the token, until the time is over. */
  readonly nodes: readonly NodeEntry[];
  readonly time: Nanoseconds;
  /** " -c FILE", or "" for the usual file. */
  readonly place: string;
}

/**
 * Prints the line, and waits until all nodes have come, the time is over or Ctrl-C. Answers those
 * that have not come. Throws Failure where the port cannot be had.
 */
export async function awaitNodes(
  terminal: Terminal,
  { own, port, parcel, nodes, time, place }: Invited,
): Promise<readonly NodeEntry[]> {
  const listener = listenAt(own, port);
  const token = drawToken();
  const missing = new Map(nodes.map((node) => [node.name, node]));
  const names = nodes.map(({ name }) => name).join(" and ");
  const flags = `${place}${port === JOIN_PORT ? "" : ` --port ${port}`}`;
  terminal.error([
    "",
    `On ${
      names === "" ? "the other machine" : names
    }, when floatip is installed there, this one line:`,
    "",
    `  sudo floatip join ${formatIp(own)} ${token}${flags} && sudo systemctl enable --now floatip`,
    "",
    `It asks this machine at TCP port ${port}, open while this waits. A packet filter here has to`,
    "let that in.",
    "",
    "",
  ].join("\n"));
  using ending = new Ending(toMilliseconds(time));
  const line = new WaitingLine(terminal, performance.now() + toMilliseconds(time));
  const served = serve(listener, {
    token: parseToken(token),
    parcel,
    nodes,
    joined: (name) => {
      line.say(`${name} has the file and the secret`);
      missing.delete(name);
      if (nodes.length > 0 && missing.size === 0) ending.end();
    },
    refused: (words) => line.say(`refused: ${words}`),
  }, () => ending.signal.aborted);
  while (!ending.signal.aborted) {
    line.draw([...missing.keys()]);
    await ending.pause(REDRAW_MS);
  }
  line.clear();
  listener.close();
  await served;
  return [...missing.values()];
}

function listenAt(own: Ip, port: number): Deno.Listener {
  try {
    return Deno.listen({ hostname: formatIp(own), port });
  } catch (error) {
    const words = `port ${port} of ${formatIp(own)} (TCP) cannot be had: ${messageOf(error)}`;
    const denied = error instanceof Deno.errors.PermissionDenied;
    if (denied) throw new Failure(EXIT.notPermitted, words, "Use sudo, or --port 3370.");
    throw new Failure(
      EXIT.failed,
      words,
      "Is another `floatip invite` running? Or take --port 3370.",
    );
  }
}

/** One line that is written again each second; nothing where standard error is no terminal. */
class WaitingLine {
  readonly #terminal: Terminal;
  readonly #end: number;
  readonly #animated = Deno.stderr.isTerminal();

  constructor(terminal: Terminal, end: number) {
    this.#terminal = terminal;
    this.#end = end;
  }

  draw(names: readonly string[]): void {
    if (!this.#animated) return;
    const left = milliseconds(
      Math.max(0, Math.round((this.#end - performance.now()) / 1000)) * 1000,
    );
    const who = names.length === 0 ? "others" : names.join(" and ");
    const rest = `${formatDuration(left)} left (Ctrl-C ends it)`;
    rewriteLine(this.#terminal, `waiting for ${who}: ${rest}`);
  }

  say(words: string): void {
    this.clear();
    this.#terminal.error(`${words}\n`);
  }

  clear(): void {
    if (this.#animated) rewriteLine(this.#terminal, "");
  }
}
