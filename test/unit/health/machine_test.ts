import assert from "node:assert/strict";
import { runProbe } from "../../../src/health/probe.ts";
import type { Link } from "../../../src/net/interfaces.ts";
import { ip } from "../../../src/net/ip.ts";
import { nanoseconds } from "../../../src/time.ts";
import { attempt, check, eventually, tools } from "../../support/health/checks.ts";
import { link } from "../../support/net/links.ts";

const links:
  readonly (readonly [name: string, changes: Partial<Link>, ok: boolean, text: string])[] = [
    ["eth0", {}, true, "up"],
    ["eth0", { running: false }, false, "no carrier"],
    ["eth0", { up: false, running: false }, false, "switched off"],
    ["eth1", {}, false, "no such interface"],
  ];

for (const [name, changes, ok, text] of links) {
  Deno.test(`an interface: ${text}`, async () => {
    const interfaces = () => ({ links: [link("eth0", 2, changes)], addresses: [] });
    const result = await runProbe(check({ kind: "interface", name }), tools({ interfaces }));
    assert.deepEqual([result.ok, result.text], [ok, text]);
  });
}

/** Starts `sleep` under another name, for as long as the test runs. */
async function sleeper(name: string, run: (pid: number) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "fl-process-" });
  try {
    await Deno.copyFile("/bin/sleep", `${folder}/${name}`);
    await Deno.chmod(`${folder}/${name}`, 0o755);
    const child = new Deno.Command(`${folder}/${name}`, { args: ["1000"] }).spawn();
    try {
      await run(child.pid);
    } finally {
      child.kill("SIGKILL");
      await child.status;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const name of ["fl-sleeper", "fl-sleeper-with-a-long-name", "fl-fifteen-char"]) {
  Deno.test(`a process called ${name} is found, and gone when it has ended`, async () => {
    const probe = { kind: "process", name } as const;
    const knownProcesses = new Map<string, number>();
    const look = () => runProbe(check(probe), tools({ knownProcesses }));
    assert.equal((await look()).text, "not running");
    await sleeper(name, async (pid) => {
      // Until the new program is in place, it is called after us.
      await eventually(
        "it is called so",
        () => Deno.readTextFileSync(`/proc/${pid}/comm`).trim() === name.slice(0, 15),
      );
      const seen = await look();
      assert.deepEqual([seen.ok, seen.text], [true, `running, pid ${pid}`]);
      assert.equal(knownProcesses.get(name), pid);
      assert.ok((await look()).ok);
      // The beginning of a name is not the name.
      assert.ok(!(await attempt({ kind: "process", name: name.slice(0, 9) })).ok);
    });
    const after = await look();
    assert.deepEqual([after.ok, after.text], [false, "not running"]);
  });
}

Deno.test("a zombie does not run", async () => {
  const folder = await Deno.makeTempDir({ prefix: "fl-process-" });
  const path = `${folder}/fl-zombie`;
  await Deno.copyFile("/bin/sleep", path);
  await Deno.chmod(path, 0o755);
  // The shell becomes a sleep that waits for no child, while its child still runs.
  const args = ["-c", '"$0" 0.2 & echo $!; exec sleep 1000', path];
  const parent = new Deno.Command("sh", { args, stdout: "piped" }).spawn();
  try {
    const reader = parent.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    await reader.cancel();
    const stat = () => Deno.readTextFileSync(`/proc/${pid}/stat`);
    await eventually("it is a zombie", () => stat().includes("(fl-zombie) Z"));
    assert.equal((await attempt({ kind: "process", name: "fl-zombie" })).text, "not running");
  } finally {
    parent.kill("SIGKILL");
    await parent.status;
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("one's own process is not what is meant", async () => {
  const name = Deno.execPath().slice(Deno.execPath().lastIndexOf("/") + 1);
  const result = await attempt({ kind: "process", name });
  assert.notEqual(result.text, `running, pid ${Deno.pid}`);
});

Deno.test("ping goes through the given tool, with its deadline", async () => {
  const probe = { kind: "ping", address: ip("192.0.2.1"), by: "arp" } as const;
  const ping = () => Promise.resolve({ ok: true, text: "answered" });
  assert.match((await runProbe(check(probe), tools({ ping }))).text, /^answered in /);
  const never = () => new Promise<never>(() => {});
  const late = await runProbe(check(probe, 50), tools({ ping: never }));
  assert.equal(late.text, "no answer within 50 ms");
  const broken = () => Promise.reject(new Error("x: Operation not permitted (os error 1)"));
  const failed = await runProbe(check(probe), tools({ ping: broken }));
  assert.deepEqual([failed.ok, failed.text], [false, "Operation not permitted"]);
});

Deno.test("an attempt that cannot be ended is left behind after a moment", async () => {
  const probe = { kind: "ping", address: ip("192.0.2.1"), by: "icmp" } as const;
  const never = () => new Promise<never>(() => {});
  const result = await runProbe(check(probe, 50), tools({ ping: never }));
  assert.ok(result.latency >= nanoseconds(50e6) && result.latency < nanoseconds(400e6));
});
