/**
 * The suite of field situations: what users of VRRP met with, played on the built program in
 * network namespaces. A case is a name and a few lines; the next bug report is one more.
 *
 *     fieldCases("addresses of others", [
 *       {
 *         name: "a killed master leaves the secondary address of its link alone",
 *         play: async (field) => {
 *           const a = await field.run("a");              // floatip with field.file() on host a
 *           await a.untilState("master");
 *           await field.host("a").ip("addr", "add", "10.77.0.60/24", "dev", "eth0");
 *           await a.crash();
 *           const holds = () => field.host("a").holds(FLOATING);
 *           await field.until("the lease ends", async () => !await holds());
 *           assert.ok(await field.host("a").holds("10.77.0.60"));
 *         },
 *       },
 *     ]);
 *
 * Each case has a LAN of its own: hosts a (10.77.0.1), b (10.77.0.2), client (10.77.0.3) on eth0.
 * Cases of one file run beside each other, so none may depend on a quiet machine. Run one file with
 * `deno test -A --no-check test/lab/field/NAME_test.ts` (as root), one case with `FIELD=WORDS`
 * before it.
 */
import { writeFileSync } from "node:fs";
import type { StatusDocument } from "../../../src/control/api.ts";
import { Floatip, type LaunchOptions } from "../interop/floatip.ts";
import { playEach } from "../interop/play_each.ts";
import { until } from "../until.ts";
import { demand, type Outcome } from "../lab/command.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { Lan, type LanOptions } from "../lab/lan.ts";

/** The address that floats in {@link Field.file}. */
export const FLOATING = "10.77.0.100";

/** What {@link Field.file} changes. */
export interface FileChanges {
  /** [nodes], by name; default a and b with their addresses. Empty: no [nodes]. */
  readonly nodes?: Readonly<Record<string, string>>;
  /** Best first; default the names of `nodes`. */
  readonly prefer?: readonly string[];
  /** Default {@link FLOATING}/24. */
  readonly addresses?: readonly string[];
  /** Default 300 ms: a takeover takes 1 s. */
  readonly interval?: string;
  /** Further lines of [instance.web]. */
  readonly lines?: readonly string[];
  /** What follows it. */
  readonly sections?: string;
}

/** `floatip status` of a node: its exit code, what a person sees, and the document. */
export interface Seen {
  readonly code: number;
  readonly text: string;
  readonly document: StatusDocument;
}

/** How long {@link Field.until} waits where nothing is said, in milliseconds. */
const PATIENCE_MS = 30_000;

/** One situation. */
export interface FieldCase {
  readonly name: string;
  readonly play: (field: Field) => Promise<void>;
  /** What differs from the hosts a, b and client. */
  readonly lan?: Partial<LanOptions>;
  /** Programs that it needs besides floatip and iproute2. */
  readonly programs?: readonly string[];
}

/** The LAN of one case; everything that was started on it ends with the case. */
export class Field implements AsyncDisposable {
  private constructor(readonly lan: Lan, readonly stack: AsyncDisposableStack) {}

  /** Builds the LAN. */
  static async open(options: Partial<LanOptions> = {}): Promise<Field> {
    await using stack = new AsyncDisposableStack();
    const lan = stack.use(await Lan.open({ hosts: ["a", "b", "client"], ...options }));
    return new Field(lan, stack.move());
  }

  host(name: string): LabHost {
    return this.lan.host(name);
  }

  /** A configuration for nodes a and b: VRID 51, {@link FLOATING}, a preferred, unicast. */
  file(changes: FileChanges = {}): string {
    const {
      nodes = { a: this.host("a").address, b: this.host("b").address },
      prefer = Object.keys(nodes),
      addresses = [`${FLOATING}/24`],
      interval = "300ms",
      lines = [],
      sections = "",
    } = changes;
    const known = Object.keys(nodes).length > 0;
    return [
      ...(known ? ["[nodes]"] : []),
      ...Object.entries(nodes).map(([name, address]) => `${name} = "${address}"`),
      "[instance.web]",
      "vrid = 51",
      `addresses = ${JSON.stringify(addresses)}`,
      ...(known ? [`prefer = ${JSON.stringify(prefer)}`] : []),
      `advert_interval = "${interval}"`,
      ...lines,
      sections,
    ].join("\n");
  }

  /** Starts floatip on a host; resolves when it answers. It is killed when the case ends. */
  async run(name: string, file = this.file(), options: LaunchOptions = {}): Promise<Floatip> {
    return this.stack.use(await Floatip.start(this.host(name), file, options));
  }

  /** Starts floatip on a and b; resolves when a is master and b backup. */
  async pair(file = this.file(), fileOfB = file): Promise<readonly [Floatip, Floatip]> {
    const a = await this.run("a", file);
    await a.untilState("master");
    const b = await this.run("b", fileOfB);
    await b.untilState("backup");
    return [a, b];
  }

  /** `floatip status` as typed on the node of `floatip`. */
  async status(floatip: Floatip): Promise<Seen> {
    const { code, stdout, stderr } = await floatip.command("status");
    return { code, text: stdout + stderr, document: await floatip.status() };
  }

  /** Resolves when `floatip status` on each of `nodes` exits with `code`. */
  async untilCode(code: number, nodes: readonly Floatip[], limitMs = PATIENCE_MS): Promise<void> {
    for (const node of nodes) {
      let last: Seen | undefined;
      await until(
        () => `exit ${code} of status on ${node.host.name}, last ${last?.code}:\n${last?.text}`,
        async () => {
          last = await this.status(node);
          return last.code === code;
        },
        limitMs,
      );
    }
  }

  /** Puts another file in the place of a daemon's; `floatip.command("reload")` reads it. */
  write(floatip: Floatip, file: string): void {
    writeFileSync(floatip.configFile, file, { mode: 0o600 });
  }

  /** Writes the file, reloads, and gives what reload printed. */
  async reload(floatip: Floatip, file: string): Promise<Outcome> {
    this.write(floatip, file);
    return await floatip.command("reload");
  }

  /** Loads an nftables script on a host, for instance one that drops protocol 112. Needs `nft`. */
  async nft(name: string, script: string): Promise<void> {
    await demand(this.host(name).argv(["nft", "-f", "-"]), { input: script });
  }

  /** Asks again until `look` says yes; throws `what` when `limitMs` are over. */
  until<T>(what: string, look: () => T | Promise<T>, limitMs = PATIENCE_MS): Promise<unknown> {
    return until(what, look, limitMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stack.disposeAsync();
  }
}

/** An nftables script that drops every VRRP advert that arrives, and nothing else. */
export const DROP_ADVERTS = `table inet field {
  chain input { type filter hook input priority 0; policy accept; meta l4proto 112 drop; }
}
`;

/**
 * Declares one test with a step for each case; FIELD=WORDS in the environment leaves the others
 * out.
 */
export function fieldCases(title: string, cases: readonly FieldCase[]): void {
  const wanted = Deno.env.get("FIELD") ?? "";
  const chosen = cases.filter(({ name }) => name.includes(wanted));
  playEach(`field: ${title}`, [], chosen, async ({ play, lan }) => {
    await using field = await Field.open(lan);
    await play(field);
  });
}
