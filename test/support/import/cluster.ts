/**
 * A cluster from files of keepalived: some nodes run keepalived, others floatip with the imported
 * file.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Capture, type CapturedAdvert } from "../interop/capture.ts";
import { Floatip } from "../interop/floatip.ts";
import { Keepalived } from "../interop/keepalived.ts";
import { until } from "../until.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { Lan } from "../lab/lan.ts";
import { FLOATIP } from "../lab/program.ts";
import { type Original, originalOf } from "./originals.ts";

/** Who runs on a node. */
export type Program = "keepalived" | "floatip";

/**
 * A takeover takes up to 4 s at 1 s adverts, a check a few more; other tests may be using the
 * machine.
 */
const PATIENCE_MS = 25_000;

/** The nodes of one {@link Original} on a LAN of their own. */
export class MixedCluster implements AsyncDisposable {
  readonly #running = new Map<string, Keepalived | Floatip>();
  readonly #sources = new Map<string, ReadonlySet<string>>();

  private constructor(
    readonly original: Original,
    readonly lan: Lan,
    readonly capture: Capture,
    readonly folder: string,
    readonly stack: AsyncDisposableStack,
  ) {}

  /**
   * Builds the LAN and starts on each node what `programs` says, the best one first where nobody
   * preempts; resolves when all run.
   */
  static async open(
    original: Original,
    programs: Readonly<Record<string, Program>>,
    change: (toml: string) => string = (toml) => toml,
  ): Promise<MixedCluster> {
    await using stack = new AsyncDisposableStack();
    const folder = mkdtempSync("/tmp/fl-mixed-");
    stack.defer(() => rmSync(folder, { recursive: true, force: true }));
    chmodSync(folder, 0o755);
    const { addresses, ...rest } = original.lan;
    const hosts = original.nodes.map((name, index) => ({ name, address: addresses[index] ?? "" }));
    const lan = stack.use(await Lan.open({ ...rest, hosts }));
    const capture = stack.use(await Capture.open(lan));
    const cluster = new MixedCluster(original, lan, capture, folder, stack.move());
    try {
      await cluster.#learnSources();
      const [first = "", ...others] = original.nodes;
      const start = (node: string) => cluster.#start(node, programs[node] ?? "keepalived", change);
      if (original.preempts) await Promise.all(original.nodes.map(start));
      else {
        await start(first);
        await cluster.untilHeld("the first one holds everything", original.held);
        await Promise.all(others.map(start));
      }
    } catch (cause) {
      await cluster[Symbol.asyncDispose]();
      throw cause;
    }
    return cluster;
  }

  host(name: string): LabHost {
    return this.lan.host(name);
  }

  /** Resolves when exactly these nodes hold the addresses, and nobody else has any of them. */
  async untilHeld(what: string, held: Readonly<Record<string, string>>): Promise<void> {
    const { nodes } = this.original;
    await until(() => `${what}: ${JSON.stringify(held)}\n${this.logs()}`, async () => {
      const holders = await Promise.all(
        Object.entries(held).map(async ([address, holder]) => {
          const all = await Promise.all(nodes.map((node) => this.host(node).holds(address)));
          return all.every((holds, index) => holds === (nodes[index] === holder));
        }),
      );
      return holders.every(Boolean);
    }, PATIENCE_MS);
  }

  /** Makes the check of a node fail, or work again. */
  breakCheck(node: string, broken: boolean): void {
    const flag = `${this.#own(node)}/broken`;
    if (broken) writeFileSync(flag, "");
    else rmSync(flag);
  }

  /** Ends the program of a node in order; resolves when it has ended. */
  async stop(node: string): Promise<void> {
    await this.#running.get(node)?.stop();
    this.#running.delete(node);
  }

  /** The last advert for each VRID, of those whose last word `node` has had. */
  lastAdverts(node: string): readonly CapturedAdvert[] {
    const vrids = new Set(this.capture.adverts.map(({ advert }) => advert.vrid));
    return [...vrids].toSorted((a, b) => a - b).flatMap((vrid) => {
      const last = this.capture.adverts.findLast(({ advert }) => advert.vrid === vrid);
      return last !== undefined && this.#isFrom(last, node) ? [last] : [];
    });
  }

  /**
   * How long it was from `since` to the first claim of `node` for one of `vrids`, in milliseconds.
   */
  async takeover(node: string, vrids: readonly number[], since: number): Promise<number> {
    const claims = (seen: CapturedAdvert) =>
      this.#isFrom(seen, node) && vrids.includes(seen.advert.vrid) && seen.advert.priority > 1;
    const claim = await this.capture.untilAdvert(`${node} claims`, claims, PATIENCE_MS, since);
    return claim.at - since;
  }

  #isFrom({ source }: CapturedAdvert, node: string): boolean {
    return this.#sources.get(node)?.has(source) ?? false;
  }

  /** The addresses that a node has of its own: adverts come from them. */
  async #learnSources(): Promise<void> {
    for (const node of this.original.nodes) {
      const lines = await this.host(node).addresses();
      this.#sources.set(node, new Set(lines.map(({ address }) => address)));
    }
  }

  #own(node: string): string {
    return `${this.folder}/${node}`;
  }

  async #start(node: string, program: Program, change: (toml: string) => string): Promise<void> {
    const folder = this.#own(node);
    mkdirSync(folder);
    for (const name of ["check.sh", "notify.sh"]) {
      writeFileSync(`${folder}/${name}`, `#!/bin/sh\ntest ! -e ${folder}/broken\n`, {
        mode: 0o755,
      });
    }
    // A directory for each node, in place of the one that every machine has.
    const text = originalOf(this.original, node).replaceAll("/etc/keepalived/", `${folder}/`);
    if (program === "keepalived") {
      this.#running.set(node, this.stack.use(await Keepalived.startFile(this.host(node), text)));
      return;
    }
    const file = `${folder}/keepalived.conf`;
    writeFileSync(file, text);
    const toml = `${folder}/floatip.toml`;
    const outcome = await this.host(node).exec([
      ...[...FLOATIP, "import", file],
      ...["--output", toml, "--node-id", node],
    ]);
    assert.ok([0, 1].includes(outcome.code ?? -1), outcome.stderr);
    const check = await this.host(node).exec([
      ...[...FLOATIP, "check", toml],
    ]);
    assert.equal(check.code, 0, `${node}: ${check.stdout}${check.stderr}`);
    const floatip = await Floatip.start(this.host(node), change(Deno.readTextFileSync(toml)));
    this.#running.set(node, this.stack.use(floatip));
  }

  /** What all programs have said lately, for a failure's message. */
  logs(): string {
    return [...this.#running.values()].map(({ log }) => log.text.split("\n").slice(-25).join("\n"))
      .join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

/** This very moment, in the clock of captures. */
