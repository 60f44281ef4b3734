/** A real Prometheus (Debian's) in a namespace of the lab, with the rules of packaging/. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LabHost } from "../lab/lab_host.ts";
import { until } from "../until.ts";

/** One series of an answer. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const RULES = fileURLToPath(
  new URL("../../../packaging/prometheus/floatip.rules.yml", import.meta.url),
);
const ADDRESS = "127.0.0.1:9090";

/** Often enough for a test that does not want to wait, seldom enough for a busy machine. */
const INTERVAL = "500ms";

/** A running Prometheus that scrapes job floatip. */
export class Prometheus implements AsyncDisposable {
  private constructor(
    readonly host: LabHost,
    readonly child: ChildProcess,
    readonly folder: string,
  ) {}

  /** Starts it in `host`; resolves when it answers. `targets`: "10.77.0.1:9112". */
  static async start(host: LabHost, targets: readonly string[]): Promise<Prometheus> {
    const folder = mkdtempSync(`${tmpdir()}/fl-prometheus-`);
    const config = {
      global: {
        scrape_interval: INTERVAL,
        scrape_timeout: INTERVAL,
        evaluation_interval: INTERVAL,
      },
      rule_files: [RULES],
      scrape_configs: [{ job_name: "floatip", static_configs: [{ targets }] }],
    };
    // YAML reads JSON.
    writeFileSync(`${folder}/prometheus.yml`, JSON.stringify(config));
    const child = host.spawn([
      "prometheus",
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${ADDRESS}`,
    ], { output: "ignore" });
    const prometheus = new Prometheus(host, child, folder);
    try {
      const answers = () => prometheus.query("up").then((series) => series.length > 0);
      await until("an answer of Prometheus", answers, 30_000, 100);
    } catch (cause) {
      await prometheus[Symbol.asyncDispose]();
      throw cause;
    }
    return prometheus;
  }

  /** What `expression` is now. Rejects with Prometheus's words where it is not understood. */
  async query(expression: string): Promise<readonly Series[]> {
    const words = ["promtool", "query", "instant", "-o", "json", `http://${ADDRESS}`, expression];
    const { code, stdout, stderr } = await this.host.exec(words);
    if (code !== 0) throw new Error(`${expression}: ${stderr}`);
    const answer = JSON.parse(stdout) as readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
    return answer.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Resolves when `expression` has exactly one series, and it is `value`. */
  async until(expression: string, value: number, limitMs = 20_000): Promise<void> {
    let last: readonly Series[] = [];
    const holds = async (): Promise<boolean> => {
      last = await this.query(expression);
      return last.length === 1 && last[0]?.value === value;
    };
    try {
      await until(`${expression} to be ${value}`, holds, limitMs, 100);
    } catch (cause) {
      throw new Error(`${cause}; it was ${JSON.stringify(last)}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, "exit");
      this.child.kill("SIGKILL");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
