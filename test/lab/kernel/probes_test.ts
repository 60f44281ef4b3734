/** Probes keep to their user, their scheduling and their network; needs root. */
import assert from "node:assert/strict";
import type { ProbeResult } from "../../../src/health/check.ts";
import { attempt, eventually, processesWith } from "../../support/health/checks.ts";
import { check, tools } from "../../support/health/checks.ts";
import { runProbe } from "../../../src/health/probe.ts";
import { kernelTest } from "../../support/kernel/netns.ts";

const oneProbe = new URL("../../support/health/one_probe.ts", import.meta.url).pathname;

function shell(text: string, user: string | undefined): Promise<ProbeResult> {
  return attempt({ kind: "command", argv: ["/bin/sh", "-c", text], user });
}

/** One attempt by a program of its own, started by `before`. */
async function elsewhere(
  before: readonly string[],
  probe: Readonly<Record<string, unknown>>,
  timeoutMs: number,
): Promise<ProbeResult> {
  const [program = "", ...args] = before;
  const { stdout, stderr } = await new Deno.Command(program, {
    args: [
      ...args,
      ...[Deno.execPath(), "run", "-A", "--no-check", oneProbe],
      ...[JSON.stringify(probe), `${timeoutMs}`],
    ],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.notEqual(said, "", new TextDecoder().decode(stderr));
  return JSON.parse(said);
}

kernelTest(
  "a command runs as the user it names, with that user's groups and no capability",
  async () => {
    const who = await shell("id >&2; exit 1", "nobody");
    assert.match(who.text, /^exit 1: uid=65534\(nobody\) gid=\d+\(\w+\) groups=\d+\(\w+\)$/);
    assert.doesNotMatch(who.text, /root/);
    const probe = { kind: "command", argv: ["/bin/sh", "-c", "id -G >&2; exit 1"], user: "nobody" };
    const groups = await elsewhere(["setpriv", "--groups=4242"], probe, 5000);
    assert.doesNotMatch(groups.text, /4242/);
    const rights = await shell(
      "grep -E 'Cap(Eff|Prm|Amb|Inh)' /proc/self/status | grep -v 0000000000000000",
      "nobody",
    );
    assert.equal(rights.text, "exit 1", "grep found nothing but zeros");
  },
);

kernelTest("what another user's command left is killed at the timeout all the same", async () => {
  const name = crypto.randomUUID();
  const text = "setsid sleep 1000 & trap '' TERM; sleep 1000; sleep 1000";
  const probe = { kind: "command", argv: ["/bin/sh", "-c", text], user: "nobody" } as const;
  const result = await runProbe({ ...check(probe, 150), name }, tools());
  assert.equal(result.text, "killed after 150 ms");
  await eventually("nothing is left", () => processesWith(`FLOATIP_CHECK=${name}`).length === 0);
});

kernelTest("as root, only what root alone can change is run", async () => {
  const folder = await Deno.makeTempDir({ prefix: "fl-root-" });
  try {
    await Deno.chmod(folder, 0o755);
    const path = `${folder}/check`;
    await Deno.writeTextFile(path, "#!/bin/sh\nexit 0\n");
    await Deno.chmod(path, 0o755);
    await Deno.chown(path, 65534, 0);
    const probe = { kind: "command", argv: [path], user: "root" } as const;
    const owned = `${path} belongs to another user than root: chown root ${path}`;
    assert.equal((await attempt(probe)).text, owned);
    await Deno.chown(path, 0, 65534);
    await Deno.chmod(path, 0o775);
    const grouped = `${path} is writable by its group: chmod g-w ${path}`;
    assert.equal((await attempt(probe)).text, grouped);
    // As somebody else it does no harm that its group may change it.
    assert.ok((await attempt({ ...probe, user: "nobody" })).ok);
    await Deno.chmod(path, 0o755);
    assert.ok((await attempt(probe)).ok);
    // "root" cannot be taken by a daemon that is not root.
    const before = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    if (await readableByOthers()) {
      assert.equal((await elsewhere(before, probe, 2000)).text, "only root can run it as root");
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** May nobody run Deno and read this checkout? */
async function readableByOthers(): Promise<boolean> {
  const script = `cat "${oneProbe}" >/dev/null && "${Deno.execPath()}" --version >/dev/null`;
  const args = ["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script];
  return (await new Deno.Command("setpriv", { args, stderr: "null" }).output()).success;
}

kernelTest("a command of a daemon with real-time scheduling does not have it", async () => {
  const text = "chrt -p $$ >&2; exit 1";
  const probe = { kind: "command", argv: ["/bin/sh", "-c", text] };
  const plain = await new Deno.Command("chrt", { args: ["-r", "10", "true"], stderr: "null" })
    .output();
  if (!plain.success) return console.log("      real-time scheduling is not allowed here");
  const result = await elsewhere(["chrt", "-r", "10"], probe, 5000);
  assert.match(result.text, /SCHED_OTHER$/);
});
