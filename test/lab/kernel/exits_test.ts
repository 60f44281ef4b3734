/** The end of a watched process is reported at once, and nothing of the watch remains. */
import assert from "node:assert/strict";
import { LinuxHost } from "../../../src/linux/linux_host.ts";
import type { HostEvent } from "../../../src/host.ts";
import { check, descriptors, eventually } from "../../support/health/checks.ts";
import { waitUntil } from "../../contract/lab.ts";
import { kernelTest } from "../../support/kernel/netns.ts";

/** A program of its own name that sleeps until it is killed. */
class Sleeper implements AsyncDisposable {
  readonly name = `fl-${crypto.randomUUID().slice(0, 8)}`;
  readonly #folder = Deno.makeTempDirSync({ prefix: "fl-exits-" });
  readonly #running: Deno.ChildProcess[] = [];

  constructor() {
    Deno.copyFileSync("/bin/sleep", `${this.#folder}/${this.name}`);
    Deno.chmodSync(`${this.#folder}/${this.name}`, 0o755);
  }

  /** Starts one more; resolves when it is called by its name. */
  async start(): Promise<Deno.ChildProcess> {
    const child = new Deno.Command(`${this.#folder}/${this.name}`, { args: ["1000"] }).spawn();
    this.#running.push(child);
    const comm = () => Deno.readTextFileSync(`/proc/${child.pid}/comm`).trim();
    while (comm() !== this.name) await new Promise((resolve) => setTimeout(resolve, 1));
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      await child.status;
    }
    await Deno.remove(this.#folder, { recursive: true });
  }
}

type Host = LinuxHost;

async function next(host: Host, kind: HostEvent["kind"]): Promise<HostEvent> {
  const happened = await waitUntil(host, (soFar) => soFar.some((one) => one.kind === kind));
  return happened.find((one) => one.kind === kind) ?? assert.fail();
}

async function look(host: Host, name: string): Promise<string> {
  host.startProbe(check({ kind: "process", name }));
  const seen = await next(host, "probe");
  return seen.kind === "probe" ? seen.result.text : assert.fail();
}

kernelTest("the end of a process that was found is told within milliseconds, once", async () => {
  await using sleeper = new Sleeper();
  using host: Host = new LinuxHost();
  const late: number[] = [];
  for (let round = 0; round < 20; round++) {
    const child = await sleeper.start();
    assert.equal(await look(host, sleeper.name), `running, pid ${child.pid}`);
    const killed = performance.now();
    child.kill("SIGKILL");
    assert.deepEqual(await next(host, "probe-due"), { kind: "probe-due", check: "tried" });
    late.push(performance.now() - killed);
    assert.equal(await look(host, sleeper.name), "not running");
  }
  const sorted = late.toSorted((a, b) => a - b);
  console.log(
    `      told after ${sorted[10]?.toFixed(2)} ms (median), ${sorted[19]?.toFixed(2)} ms`,
  );
  assert.ok((sorted[10] ?? NaN) < 50, `${sorted}`);
});

kernelTest("where another one runs, it is found, and watched from then on", async () => {
  await using sleeper = new Sleeper();
  using host: Host = new LinuxHost();
  const [first, second] = [await sleeper.start(), await sleeper.start()];
  const found = await look(host, sleeper.name);
  const [seen, other] = found.endsWith(` ${first.pid}`) ? [first, second] : [second, first];
  other.kill("SIGKILL");
  await other.status;
  assert.equal(await look(host, sleeper.name), `running, pid ${seen.pid}`);
  const third = await sleeper.start();
  seen.kill("SIGKILL");
  await next(host, "probe-due");
  assert.equal(await look(host, sleeper.name), `running, pid ${third.pid}`);
  third.kill("SIGKILL");
  await next(host, "probe-due");
});

kernelTest(
  "200 attempts with others between leave one descriptor for each check, and none at the end",
  async () => {
    await using sleeper = new Sleeper();
    await sleeper.start();
    const before = descriptors();
    {
      using host: Host = new LinuxHost();
      await look(host, "no-such-process");
      const unwatched = descriptors();
      for (let round = 0; round < 100; round++) {
        await look(host, sleeper.name);
        await look(host, "no-such-process");
      }
      assert.equal(descriptors(), unwatched);
      for (let round = 0; round < 10; round++) await look(host, sleeper.name);
      assert.equal(descriptors(), unwatched + 1);
    }
    await eventually("all are closed", () => descriptors() <= before);
  },
);
