/** `floatip invite` and `floatip join`: who gets file and secret, and who does not. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { DRAWN } from "../../support/config/keys.ts";
import { Session } from "../../support/init/pty.ts";
import { demand, type Outcome } from "../../support/lab/command.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { FLOATIP, LAB_ENVIRONMENT } from "../../support/lab/program.ts";

const [SECRET = ""] = DRAWN;
const TOML = `[nodes]
a = "10.77.0.1"
b = "10.77.0.2"

[cluster]
secret = { credential = "cluster" }

[instance.web]
vrid = 51
addresses = ["10.77.0.50/24"]

[web]
listen = "127.0.0.1:9113"
password = { credential = "web" }
`;
const DEFAULT_DENY = [
  "add table inet filter",
  "add chain inet filter input { type filter hook input priority 0; policy drop; }",
  "add rule inet filter input ip saddr 10.77.0.2 accept",
];
const CREDENTIALS = { cluster: `${SECRET}\n`, web: "correct horse\n" };

const reason = missing("script", "nft");
Deno.test({
  ...nameWith("join: file and secrets go to the node that has the token, and no other", reason),
  fn: async () => {
    const folder = mkdtempSync("/tmp/fl-join-");
    try {
      await using lan = await Lan.open({ hosts: ["a", "b", "c"] });
      const [a, b, c] = ["a", "b", "c"].map((name) => lan.host(name));
      assert.ok(a && b && c);
      mkdirSync(`${folder}/a`);
      for (const [name, text] of Object.entries(CREDENTIALS)) {
        writeFileSync(`${folder}/a/${name}`, text, { mode: 0o600 });
      }
      writeFileSync(`${folder}/a/floatip.toml`, TOML, { mode: 0o640 });
      refused(await join(b, folder, "abcde-abcde-abcde-abcde"), /no node invites at[^]*port 337/);
      // Default-deny, with b let in.
      for (const rule of DEFAULT_DENY) await demand(a.argv(["nft", rule]));
      await using session = new Session(
        a,
        [...FLOATIP, "invite", "-c", `${folder}/a/floatip.toml`],
        { CREDENTIALS_DIRECTORY: `${folder}/a` },
      );
      const [, token = ""] = await session.shows(/floatip join 10\.77\.0\.1 (\S+) -c /);
      refused(await join(b, folder, "abcde-abcde-abcde-abcde"), /does not know this token/);
      const dropped = await join(c, folder, token);
      refused(dropped, /no answer from 10\.77\.0\.1, port 337[^]*may drop TCP port 337/);
      const [, mend = ""] = /sudo (nft insert rule .*)$/m.exec(dropped.stderr) ?? [];
      await demand(a.argv(mend.split(" ")));
      refused(await join(c, folder, token), /refuses: none of its addresses .*b = 10\.77/);
      refused(await join(b, folder, `${token}x`), /a token has 20 letters/, 2);
      const joined = await join(b, folder, token.toUpperCase());
      assert.equal(joined.code, 0, joined.stderr);
      assert.match(joined.stdout, /^this machine is b$/m);
      assert.equal(await session.ended(), 0, session.screen);
      assert.match(session.screen, /refused: 10\.77\.0\.2: the token is another one/);
      for (const [name, text] of Object.entries(CREDENTIALS)) {
        assert.equal(readFileSync(`${folder}/b/${name}`, "utf8"), text);
        assert.equal(statSync(`${folder}/b/${name}`).mode & 0o777, 0o600);
        assert.ok(!session.screen.includes(text.trim()) && !joined.stdout.includes(text.trim()));
      }
      assert.equal(readFileSync(`${folder}/b/floatip.toml`, "utf8"), TOML);
      assert.equal(statSync(`${folder}/b/floatip.toml`).mode & 0o777, 0o640, "as it was");
      refused(await join(b, folder, token), /floatip\.toml is there already/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

function join(host: LabHost, folder: string, token: string): Promise<Outcome> {
  const own = `${folder}/${host.name}`;
  const env = { ...LAB_ENVIRONMENT, CREDENTIALS_DIRECTORY: own };
  const words = ["join", "10.77.0.1", token, "-c", `${own}/floatip.toml`];
  return host.exec([...FLOATIP, ...words], { env });
}

function refused(outcome: Outcome, words: RegExp, code = 1): void {
  assert.equal(outcome.code, code, outcome.stderr);
  assert.match(outcome.stderr, words);
}
