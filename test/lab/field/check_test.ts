/** Field situations of `floatip check`: what it finds before the daemon does. */
import assert from "node:assert/strict";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "../../support/lab/command.ts";
import { FLOATIP, LAB_ENVIRONMENT } from "../../support/lab/program.ts";
import { DRAWN } from "../../support/config/keys.ts";
import { type Field, fieldCases } from "../../support/field/field.ts";

/**
 * `floatip check` of a file with that text on host a, with further words; `folder` is for its
 * files.
 */
async function checker(field: Field): Promise<{
  readonly folder: string;
  check(text: string, ...words: readonly string[]): Promise<Outcome>;
}> {
  const folder = await Deno.makeTempDir({ prefix: "floatip-field-" });
  chmodSync(folder, 0o755);
  field.stack.defer(() => Deno.remove(folder, { recursive: true }));
  const check = (text: string, ...words: readonly string[]): Promise<Outcome> => {
    writeFileSync(`${folder}/floatip.toml`, text, { mode: 0o600 });
    const argv = [...FLOATIP, "check", `${folder}/floatip.toml`, ...words];
    return field.host("a").exec(argv, { env: LAB_ENVIRONMENT });
  };
  return { folder, check };
}

fieldCases("check", [
  {
    name: "a program that has the port of [cluster] is told, and a link that is not there",
    programs: ["ss"],
    play: async (field) => {
      const { check } = await checker(field);
      const script = 'import { createSocket } from "node:dgram"; createSocket("udp4").bind(337)';
      const holder = field.host("a").spawn([Deno.execPath(), "eval", script]);
      field.stack.defer(() => void holder.kill("SIGKILL"));
      const other = await field.run(
        "a",
        field.file({ lines: ['transport = "udp"', "port = 338"] }),
      );
      await other.untilState("master");
      const { address } = field.host("a");
      const file = (port: number, link: string) =>
        field.file().replace(
          `a = "${address}"`,
          `a = { address = "${address}", links = [${link}] }`,
        )
          .replace("[instance", `[cluster]\nsecret = "${DRAWN[0]}"\nport = ${port}\n[instance`);
      await field.until("deno has the port", async () => {
        const { stdout } = await field.host("a").exec(["ss", "-uln", "sport = 337"]);
        return stdout.includes(":337");
      });
      const taken = await check(file(337, '"10.9.0.1"'));
      assert.equal(taken.code, 1, taken.stdout + taken.stderr);
      assert.match(taken.stdout, /this machine: another program has UDP port 337: deno$/m);
      assert.match(taken.stdout, /warning: this machine does not have 10\.9\.0\.1, a link of a/);
      assert.ok(!taken.stdout.includes(DRAWN[0] ?? ""), "the secret is shown");
      await field.host("a").ip("addr", "add", "10.9.0.1/24", "dev", "eth0");
      // That floatip has it is no problem.
      const free = await check(file(338, '"10.9.0.1"'));
      assert.equal(free.code, 0, free.stdout + free.stderr);
    },
  },
  {
    name: "--try runs each check once as its user, and exits with 1 where one fails",
    play: async (field) => {
      const { folder, check } = await checker(field);
      writeFileSync(`${folder}/out`, "", { mode: 0o666 });
      chmodSync(`${folder}/out`, 0o666);
      writeFileSync(`${folder}/who`, `#!/bin/sh\nid -un >>${folder}/out\n`, { mode: 0o755 });
      chmodSync(`${folder}/who`, 0o755);
      const file = (checks: string) =>
        field.file({
          lines: [`checks = ${checks}`],
          sections: `[check.who]
command = ["${folder}/who"]
user = "nobody"
[check.near]
ping = "${field.host("b").address}"
by = "arp"
[check.far]
tcp = "${field.host("b").address}:9"
timeout = "500ms"
[check.slow]
command = ["/bin/sleep", "60"]
timeout = "300ms"`,
        });
      const good = await check(file('["who", "near"]'), "--try");
      assert.equal(good.code, 0, good.stdout + good.stderr);
      assert.match(good.stdout, /check who +ok +exit 0/);
      assert.match(good.stdout, /check near +ok /);
      assert.equal(readFileSync(`${folder}/out`, "utf8"), "nobody\n");
      const bad = await check(file('["who", "far", "slow"]'), "--try", "--json");
      assert.equal(bad.code, 1);
      const { tried } = JSON.parse(bad.stdout);
      assert.deepEqual(
        tried.map((one: { check: string; ok: boolean }) => [one.check, one.ok]),
        [["who", true], ["far", false], ["slow", false]],
      );
      assert.match(bad.stderr, /2 of 3 checks failed: far, slow/);
    },
  },
  {
    name: "a script that its user cannot run, another length, and a lonely node are said",
    play: async (field) => {
      const { folder, check } = await checker(field);
      writeFileSync(`${folder}/script`, "#!/bin/sh\nexit 0\n");
      chmodSync(`${folder}/script`, 0o700);
      const { code, stdout } = await check(field.file({
        nodes: { a: field.host("a").address },
        addresses: ["10.77.0.100/16"],
        lines: ['checks = ["x"]'],
        sections: `[check.x]\ncommand = ["${folder}/script"]\nuser = "nobody"
[notify]\non_master = ["${folder}/nothing"]`,
      }));
      assert.equal(code, 1);
      assert.match(stdout, /check x cannot be run: user nobody may not run /);
      assert.match(stdout, /on_master cannot be run: .*nothing: no such file/);
      assert.match(
        stdout,
        /10.77.0.100\/16 has another length than the subnet of eth0, 10.77.0.0\/24/,
      );
      assert.match(stdout, /\[nodes\] names one node only: a/);
    },
  },
]);
