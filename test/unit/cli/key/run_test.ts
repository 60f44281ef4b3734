/** `floatip key` as a program, beside a daemon that tells which keys the nodes have. */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { readKeyText } from "../../../../src/config/cluster_key.ts";
import { ControlServer } from "../../../../src/control/server.ts";
import { ANSWERS } from "../../../support/control/answers.ts";
import { ASKED, documentOf, master } from "../../../support/cli/documents.ts";

const MAIN = fileURLToPath(new URL("../../../../main.ts", import.meta.url));

const CONFIG = `[nodes]
pi-a = "192.0.2.11"
pi-b = { address = "192.0.2.12", links = ["198.51.100.12"] }
gw = { address = "192.0.2.1", only_vrrp = true }

[cluster]
secret = { credential = "cluster" }

[instance.web]
vrid = 51
addresses = ["192.0.2.50/24"]
`;

interface Desk {
  readonly folder: string;
  /** The file of keys. */
  readonly file: string;
  /** The keys that the daemon says the nodes have, by name. */
  readonly known: Map<string, readonly string[]>;
  key(...words: readonly string[]): Promise<{ code: number; out: string; err: string }>;
  /** Ids in the file, the one that signs first, and "next" ones marked. */
  ids(): readonly string[];
}

function deskTest(name: string, play: (desk: Desk) => Promise<void>): void {
  Deno.test(`key: ${name}`, async () => {
    const folder = await Deno.makeTempDir({ prefix: "floatip-" });
    const known = new Map<string, readonly string[]>();
    const status = () =>
      documentOf([master()], {
        nodes: [...known].map(([name, keys]) => ({
          name,
          addresses: [],
          self: name === "pi-a",
          ...ASKED,
          keys,
        })),
      });
    try {
      await Deno.writeTextFile(`${folder}/floatip.toml`, CONFIG);
      await using _server = ControlServer.open(folder, {
        ...ANSWERS,
        status: () => JSON.stringify(status()),
      });
      const file = `${folder}/credentials/cluster`;
      const key: Desk["key"] = async (...words) => {
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", MAIN, "key", ...words],
          env: { NO_COLOR: "1", CREDENTIALS_DIRECTORY: `${folder}/credentials`, SUDO_USER: "ed" },
        }).output();
        const [out = "", err = ""] = [stdout, stderr].map((one) => new TextDecoder().decode(one));
        return { code, out, err };
      };
      const withPlaces: Desk["key"] = (...words) =>
        key(...words, "-c", `${folder}/floatip.toml`, "--run-dir", folder);
      const ids = () => {
        const read = readKeyText(Deno.readTextFileSync(file));
        assert.ok(read.kind === "keys");
        return read.lines.map(({ id, isNext }) =>
          `${id.toString(16).padStart(8, "0")}${isNext ? " next" : ""}`
        );
      };
      await play({ folder, file, known, key: withPlaces, ids });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** Words of the file of keys, none of which a command may print. */
function assertSilent({ file }: Desk, ...outputs: readonly { out: string; err: string }[]): void {
  const secrets = Deno.readTextFileSync(file).split(/\s+/).filter((word) => word.length > 8);
  for (const { out, err } of outputs) {
    for (const secret of secrets) assert.ok(!(out + err).includes(secret), "a key is printed");
  }
}

deskTest("a rotation, step by step; no step before all nodes are ready", async (desk) => {
  const { key, ids, known, file } = desk;
  const drawn = await key("new");
  assert.equal(drawn.code, 0, drawn.err);
  const [old = ""] = ids();
  assert.match(drawn.out, new RegExp(`^wrote ${file}: key ${old}$`, "m"));
  assert.match(drawn.out, /^ {2}sudo cat \S+ \| ssh ed@192\.0\.2\.12 'umask 077; cat > \S+'$/m);
  assert.doesNotMatch(drawn.out, /192\.0\.2\.1\b|systemctl.*192/, "a router gets no secret");
  const { mode } = await Deno.stat(file);
  assert.equal((mode ?? 0) & 0o777, 0o600);
  assert.equal(((await Deno.stat(dirname(file))).mode ?? 0) & 0o777, 0o700);

  const first = await key("rotate");
  assert.equal(first.code, 0, first.err);
  const [, next = ""] = ids();
  const added = next.replace(" next", "");
  assert.deepEqual(ids(), [old, `${added} next`]);

  const refusals: readonly (readonly [Record<string, readonly string[]>, RegExp])[] = [
    [{}, /may not sign yet: which keys pi-a, pi-b has is not known/],
    [{ "pi-a": [old, added] }, /which keys pi-b has is not known/],
    [{ "pi-a": [old, added], "pi-b": [old] }, /pi-b does not have it yet\n.*--force/],
  ];
  for (const [keys, why] of refusals) {
    known.clear();
    for (const [name, ids] of Object.entries(keys)) known.set(name, ids);
    const refused = await key("rotate");
    assert.equal(refused.code, 1);
    assert.match(refused.err, why);
    assert.deepEqual(ids(), [old, `${added} next`], "nothing changed");
  }
  known.set("pi-b", [old, added]);
  const second = await key("rotate");
  assert.equal(second.code, 0, second.err);
  assert.deepEqual(ids(), [added, old]);

  const early = await key("retire");
  assert.equal(early.code, 1);
  assert.match(early.err, /key \w+ stays: pi-a, pi-b sign with it/);
  known.set("pi-a", [added, old]).set("pi-b", [added, old]);
  const listed = await key("list");
  assert.match(listed.out, new RegExp(`^${added} +signs +signs on pi-a, pi-b$`, "m"));
  assert.match(listed.out, new RegExp(`^${old} +verifies +known on pi-a, pi-b$`, "m"));
  assertSilent(desk, drawn, first, second, early, listed);
  const signing = await key("retire", added);
  assert.match(signing.err, /signs, and stays/);
  const late = await key("retire");
  assert.equal(late.code, 0, late.err);
  assert.deepEqual(ids(), [added]);
  assert.match((await key("retire")).err, /there is no old key/);
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
});

deskTest("what is there stays, what is wrong is told without it", async ({ key, file }) => {
  assert.match((await key("list")).err, /there is no .*\n.*floatip key new/);
  await key("new");
  const before = Deno.readTextFileSync(file);
  const again = await key("new");
  assert.equal(again.code, 1);
  assert.match(again.err, /is there already\n.*floatip key rotate/);
  assert.equal(Deno.readTextFileSync(file), before);
  const printed = await key("new", "--print");
  assert.equal(readKeyText(printed.out).kind, "keys");
  assert.equal(Deno.readTextFileSync(file), before);
  Deno.writeTextFileSync(file, "hunter2\n");
  for (const what of ["list", "rotate", "retire"]) {
    const { code, out, err } = await key(what);
    assert.equal(code, 3);
    assert.match(err, /is not 32 random bytes/);
    assert.doesNotMatch(out + err, /hunter2/);
  }
  assert.equal(Deno.readTextFileSync(file), "hunter2\n");
});

deskTest("a pipe in the place of the file is refused, and not waited for", async (desk) => {
  await Deno.mkdir(dirname(desk.file));
  assert.ok((await new Deno.Command("mkfifo", { args: [desk.file] }).output()).success);
  const { code, err } = await desk.key("list");
  assert.equal(code, 1, err);
  assert.match(err, /is a pipe, not a file/);
});
