/** Two nodes of the built program with two roads between them: the LAN, and another link. */
import { demand } from "../lab/command.ts";
import { Capture } from "../interop/capture.ts";
import { Floatip } from "../interop/floatip.ts";
import { until } from "../until.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { Lan } from "../lab/lan.ts";

/** The addresses of nodes a and b on the LAN. */
export const A = "10.77.0.1", B = "10.77.0.2";

const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";

/** How a pair is started. */
export interface PairOptions {
  readonly intervalMs: number;
  /** With [cluster]; default: yes. */
  readonly isTold?: boolean;
}

/** a is preferred. Ends with everything that was started. */
export class LabPair implements AsyncDisposable {
  readonly #ends = new AsyncDisposableStack();

  private constructor(
    readonly lan: Lan,
    readonly capture: Capture,
    readonly options: Required<PairOptions>,
  ) {
    this.#ends.use(lan);
    this.#ends.use(capture);
  }

  /** Two machines, and what is seen on the LAN between them. */
  static async open({ intervalMs, isTold = true }: PairOptions): Promise<LabPair> {
    const second = { prefix: "10.78.0.0/24", interface: "eth1" };
    const lan = await Lan.open({ hosts: ["a", "b"], second });
    return new LabPair(lan, await Capture.open(lan), { intervalMs, isTold });
  }

  get a(): LabHost {
    return this.lan.host("a");
  }

  get b(): LabHost {
    return this.lan.host("b");
  }

  /** Floatip on a, which is master, then on b; both know each other. */
  async start(): Promise<readonly [Floatip, Floatip]> {
    const a = await this.run("a");
    await a.untilState("master");
    const b = await this.run("b");
    await this.untilKnown([a, b]);
    return [a, b];
  }

  /** Floatip on one of them. */
  async run(name: string): Promise<Floatip> {
    return this.#ends.use(await Floatip.start(this.lan.host(name), this.#file()));
  }

  /** Resolves when each has heard the other: by reports, or b by the adverts of a. */
  async untilKnown(all: readonly Floatip[]): Promise<void> {
    for (const floatip of all) {
      await until(() => `${floatip.host.name} knows the other\n${floatip.log.text}`, async () => {
        const { nodes, instances } = await floatip.status();
        const [web] = instances;
        const isHeard = web?.state === "master" || web?.last_advert_age_ms !== null;
        return isHeard && (!this.options.isTold || nodes.every(({ state }) => state === "up"));
      });
    }
  }

  /** Resolves when `source` has sent `count` adverts from now on. */
  async untilSent(source: string, count: number): Promise<void> {
    const since = Date.now();
    await until(
      `${source} to send ${count} adverts`,
      () => this.capture.advertsOf(source, since).length >= count,
      count * this.options.intervalMs + 10_000,
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ends.disposeAsync();
  }

  #file(): string {
    const { intervalMs, isTold } = this.options;
    return [
      "[nodes]",
      `a = { address = "${A}", links = ["10.78.0.1"] }`,
      `b = { address = "${B}", links = ["10.78.0.2"] }`,
      "",
      ...(isTold ? ["[cluster]", `secret = "${SECRET}"`, ""] : []),
      "[instance.web]",
      "vrid = 51",
      'addresses = ["10.77.0.100/24"]',
      'prefer = ["a", "b"]',
      `advert_interval = "${intervalMs}ms"`,
      "",
    ].join("\n");
  }
}

/** A packet filter that lets everything in but VRRP. */
export async function filterVrrp(host: LabHost): Promise<void> {
  const rules = "table inet filter {\nchain input {\ntype filter hook input priority filter;\n" +
    "meta l4proto 112 drop\n}\n}\n";
  await demand(host.argv(["nft", "-f", "-"]), { input: rules });
}
