/** Fingerprints of a file: what counts, what does not, and that no secret is in them. */
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { differing } from "../../../src/cluster/pages.ts";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import {
  keyHashes,
  NO_PARTS,
  partHash,
  partsOf,
  withPart,
} from "../../../src/config/fingerprint.ts";

const FILE = `
[node]
name = "pi-a"

[nodes]
pi-a = "192.168.1.11"
pi-b = "192.168.1.12"

[instance.web]
vrid = 51
interface = "eth0"
addresses = ["192.168.1.50/24", { address = "10.0.2.100/8", interface = "eth1", label = "eth1:1" }]
prefer = ["pi-a", "pi-b"]
checks = ["nginx"]

[check.nginx]
http = "http://127.0.0.1/"
interval = "2s"

[notify]
webhook = "http://127.0.0.1:8080/hook-of-ours"

[metrics]
listen = "192.168.1.11:9112"
`;

function configOf(text: string): Config {
  const decoded = decode(text);
  if (decoded.kind === "problems") throw new Error(decoded.problems.map((one) => one.what).join());
  return decoded.config;
}

function hashOf(text: string): string {
  return partsOf(configOf(text))
    .reduce((sum, part) => withPart(sum, part.header, partHash(part)), NO_PARTS);
}

/** Where two files differ, as status says it. */
function drift(before: string, after: string): readonly string[] {
  const [own, other] = [before, after].map((text) =>
    new Map(partsOf(configOf(text)).map((one) => [one.header, keyHashes(one)]))
  );
  const all = new Set([...own?.keys() ?? [], ...other?.keys() ?? []]);
  return [...all].flatMap((header) => {
    const [mine, theirs] = [own?.get(header), other?.get(header)];
    if (mine === undefined || theirs === undefined) return [header];
    return differing(mine, theirs).map((key) => `${header} ${key}`);
  });
}

const SAME: Readonly<Record<string, readonly [string | RegExp, string]>> = {
  "a comment": ["[nodes]", "# ours\n[nodes]"],
  "the name of the node": ['name = "pi-a"', 'name = "pi-b"'],
  "an interface": ['interface = "eth0"', 'interface = "enp1s0"'],
  "the interface and label of an address": [
    'interface = "eth1", label = "eth1:1"',
    'interface = "eth2", label = ":7"',
  ],
  "a listening address": ["192.168.1.11:9112", "192.168.1.12:9113"],
  "no listening address": ['[metrics]\nlisten = "192.168.1.11:9112"', ""],
  "a secret": ["hook-of-ours", "hook-of-theirs"],
  "a default that is written out": ["vrid = 51", 'vrid = 51\nadvert_interval = "1000ms"'],
  "another spelling": ['interval = "2s"', "interval = '2000ms'"],
  "a timeout that is the interval": ['interval = "2s"', 'interval = "2s"\ntimeout = "2s"'],
  "a source": ["vrid = 51", 'vrid = 51\nsource = "192.168.1.11"'],
};

for (const [what, [from, to]] of Object.entries(SAME)) {
  Deno.test(`fingerprint: ${what} may differ`, () => {
    strictEqual(hashOf(FILE.replace(from, to)), hashOf(FILE));
  });
}

Deno.test("fingerprint: the order of tables does not matter", () => {
  const [before = "", web = ""] = FILE.split("[instance.web]");
  strictEqual(hashOf(`[instance.web]${web}\n${before}`), hashOf(FILE));
});

Deno.test("fingerprint: a priority that is one number is this node's own", () => {
  const byHand = (priority: string) =>
    FILE.replace('prefer = ["pi-a", "pi-b"]', `priority = ${priority}`);
  strictEqual(hashOf(byHand("150")), hashOf(byHand("100")));
  deepStrictEqual(
    drift(byHand("{ pi-a = 150, pi-b = 100 }"), byHand("{ pi-a = 99, pi-b = 100 }")),
    [
      "[instance.web] priority",
    ],
  );
  strictEqual(
    hashOf(byHand("{ pi-a = 150, pi-b = 100 }")),
    hashOf(byHand("{ pi-b = 100, pi-a = 150 }")),
  );
});

const DIFFERENT: Readonly<Record<string, readonly [string, string, readonly string[]]>> = {
  "an interval": ['interval = "2s"', 'interval = "3s"', ["[check.nginx] interval"]],
  "the order of prefer": ['"pi-a", "pi-b"', '"pi-b", "pi-a"', ["[instance.web] prefer"]],
  "an address": ["192.168.1.50/24", "192.168.1.51/24", ["[instance.web] addresses"]],
  "another probe": [
    'http = "http://127.0.0.1/"',
    'tcp = "127.0.0.1:80"',
    ["[check.nginx] http", "[check.nginx] tcp"],
  ],
  "a node": ['pi-b = "192.168.1.12"', 'pi-b = "192.168.1.13"', ["[nodes] pi-b"]],
  "another table": ["[metrics]", '[check.disk]\nfile = "/ok"\n[metrics]', ["[check.disk]"]],
  "a secret that is not written": [
    '[notify]\nwebhook = "http://127.0.0.1:8080/hook-of-ours"',
    "",
    ["[notify]"],
  ],
};

for (const [what, [from, to, keys]] of Object.entries(DIFFERENT)) {
  Deno.test(`fingerprint: ${what} is named`, () => {
    const other = FILE.replace(from, to);
    notStrictEqual(hashOf(other), hashOf(FILE));
    deepStrictEqual(drift(FILE, other), keys);
  });
}

Deno.test("fingerprint: the order of [nodes] counts, since priorities follow it", () => {
  const other = FILE.replace(
    'pi-a = "192.168.1.11"\npi-b = "192.168.1.12"',
    'pi-b = "192.168.1.12"\npi-a = "192.168.1.11"',
  );
  deepStrictEqual(drift(FILE, other), ["[nodes] order"]);
});

Deno.test("fingerprint: a part that stayed is not looked at again", () => {
  const config = configOf(FILE);
  const [part] = partsOf(config);
  if (part === undefined) throw new Error("no part");
  const hash = partHash(part);
  const values = () => {
    throw new Error("looked at again");
  };
  strictEqual(partHash({ ...part, values }), hash);
});

Deno.test("fingerprint: hashes are short, and tell similar texts apart", () => {
  const parts = Array.from(
    { length: 2000 },
    (_, i) => partHash({ header: "", of: {}, values: () => new Map([["key", `value ${i}`]]) }),
  );
  ok(parts.every((hash) => /^[0-9a-f]{16}$/.test(hash)));
  for (const half of [(hash: string) => hash.slice(0, 8), (hash: string) => hash.slice(8)]) {
    ok(new Set(parts.map(half)).size >= 1999, "half of the bits say little");
  }
});
