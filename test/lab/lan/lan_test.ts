/** The lab builds what it says, and leaves nothing behind. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { run } from "../../support/lab/command.ts";
import { Lan } from "../../support/lab/lan.ts";
import { sweepOrphans } from "../../support/lab/orphans.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";

const reason = missing();

async function namespacesOf(id: string): Promise<readonly string[]> {
  const { stdout } = await run(["ip", "netns", "list"]);
  return stdout.split("\n").filter((line) => line.startsWith(id));
}

Deno.test(
  nameWith("lab: hosts reach each other, and nothing is left after close", reason),
  async () => {
    const started = performance.now();
    const lan = await Lan.open({ hosts: ["a", "b", "c"], ipv6: true });
    const built = performance.now() - started;
    try {
      assert.equal((await namespacesOf(lan.id)).length, 4);
      const ping = await lan.host("a").exec(["ping", "-c1", "-W2", lan.host("c").address]);
      assert.equal(ping.code, 0, ping.stdout + ping.stderr);
      const ping6 = await lan.host("a").exec(["ping", "-c1", "-W2", lan.host("b").address6]);
      assert.equal(ping6.code, 0, ping6.stdout + ping6.stderr);
      const lines = await lan.host("b").addresses("eth0");
      assert.ok(lines.some((line) => line.address === "10.77.0.2" && line.prefixLength === 24));
      assert.ok(lines.some((line) => line.address === "fd77::2"));
    } finally {
      await lan.close();
    }
    assert.deepEqual(await namespacesOf(lan.id), []);
    assert.ok(built < 2000, `building took ${built} ms`);
  },
);

Deno.test(
  nameWith("lab: a pulled cable takes the carrier, a partition does not", reason),
  async () => {
    await using lan = await Lan.open({
      hosts: ["a", { name: "b", interface: "lan0", address: "10.77.0.9/24" }],
      second: { prefix: "10.78.0.0/24", interface: "eth1" },
    });
    const [a, b] = [lan.host("a"), lan.host("b")];
    const carrier = async () =>
      (await b.exec(["cat", "/sys/class/net/lan0/carrier"])).stdout.trim();
    const reach = async (address: string) =>
      (await a.exec(["ping", "-c1", "-W1", address])).code === 0;
    assert.equal(b.address, "10.77.0.9");
    assert.ok(await reach("10.77.0.9"));
    assert.ok(await reach("10.78.0.2"));
    await b.unplug();
    assert.equal(await carrier(), "0");
    assert.ok(await reach("10.78.0.2"), "the second card is another cable");
    await b.plug();
    assert.equal(await carrier(), "1");
    assert.ok(await reach("10.77.0.9"));
    await b.isolate();
    assert.equal(await carrier(), "1");
    assert.ok(!await reach("10.77.0.9"));
    await b.join();
    assert.ok(await reach("10.77.0.9"));
  },
);

Deno.test(
  nameWith("lab: a signal reaches a spawned program, close ends the others", reason),
  async () => {
    const lan = await Lan.open({ hosts: ["a"] });
    const first = lan.host("a").spawn(["sleep", "1000"]);
    const second = lan.host("a").spawn(["sleep", "1000"]);
    first.kill("SIGTERM");
    assert.deepEqual(await once(first, "exit"), [null, "SIGTERM"]);
    await lan.close();
    assert.equal(second.signalCode, "SIGKILL");
  },
);

Deno.test(nameWith("lab: an orphan is swept, a living lab is not", reason), async () => {
  await using living = await Lan.open({ hosts: ["a"] });
  const script = `import { Lan } from "${import.meta.resolve("../../support/lab/lan.ts")}";
    const lan = await Lan.open({ hosts: ["x"] });
    console.log(lan.id);
    Deno.kill(Deno.pid, "SIGKILL");`;
  const { stdout } = await run([Deno.execPath(), "run", "-A", "-"], { input: script });
  const orphan = stdout.trim();
  assert.equal((await namespacesOf(orphan)).length, 2);
  assert.ok(sweepOrphans().includes(orphan));
  assert.deepEqual(await namespacesOf(orphan), []);
  assert.equal((await namespacesOf(living.id)).length, 2);
});
