/** The guesses for a first file are those that a person would make. */
import assert from "node:assert/strict";
import {
  candidatesIn,
  completed,
  faultOfAddress,
  freeVrid,
  homesOf,
} from "../../../src/config/first_file.ts";
import { ip } from "../../../src/net/ip.ts";
import { formatPrefix, parsePrefix, type Prefix } from "../../../src/net/prefix.ts";
import type { DefaultRoute } from "../../../src/net/routes.ts";
import { machine } from "../../support/config/machines.ts";

function prefix(text: string): Prefix {
  return parsePrefix(text) ?? assert.fail(text);
}

const route = (name: string, metric = 0): DefaultRoute => ({
  interface: name,
  gateway: undefined,
  metric,
});

Deno.test("the interface of the default route comes first, then those with carrier", () => {
  const { interfaces } = machine({
    lo: ["127.0.0.1/8"],
    docker0: ["172.17.0.1/16"],
    eth0: ["192.168.1.11/24", "ours 192.168.1.50/24"],
    wlan0: ["fe80::1/64", "fd00::5/64", "10.0.0.5/24"],
    six: ["fd00::6/64"],
    empty: [],
  });
  const names = homesOf(interfaces, [route("wlan0")]).map(({ link, own }) =>
    `${link.name} ${formatPrefix(own)}`
  );
  assert.deepEqual(names, [
    "wlan0 10.0.0.5/24",
    "docker0 172.17.0.1/16",
    "eth0 192.168.1.11/24",
    "six fd00::6/64",
  ]);
  const down = {
    ...interfaces,
    links: interfaces.links.map((link) => ({ ...link, running: link.name !== "docker0" })),
  };
  assert.equal(homesOf(down, []).at(-1)?.link.name, "docker0");
});

/** [own, taken, what is proposed first]. */
const CANDIDATES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["192.168.1.11/24", [], ["192.168.1.250/24", "192.168.1.249/24"]],
  ["192.168.1.250/24", ["192.168.1.249"], ["192.168.1.248/24", "192.168.1.247/24"]],
  ["10.1.2.3/16", [], ["10.1.2.250/16", "10.1.2.249/16"]],
  ["10.0.0.9/28", [], ["10.0.0.14/28", "10.0.0.13/28"]],
  ["10.0.0.129/25", [], ["10.0.0.254/25", "10.0.0.253/25"]],
  ["10.0.0.1/30", [], ["10.0.0.2/30"]],
  ["10.0.0.1/31", [], []],
  ["10.0.0.1/32", [], []],
  ["fd00::11/64", [], ["fd00::fa/64", "fd00::f9/64"]],
];

for (const [own, taken, expected] of CANDIDATES) {
  Deno.test(`addresses beside ${own}${taken.length > 0 ? `, without ${taken}` : ""}`, () => {
    const found = candidatesIn(prefix(own), taken.map(ip), 2).map(formatPrefix);
    assert.deepEqual(found, expected);
  });
}

Deno.test("a VRID that is free: 51, or the next one, and round the corner", () => {
  assert.equal(freeVrid(new Set()), 51);
  assert.equal(freeVrid(new Set([51, 52])), 53);
  const most = Array.from({ length: 205 }, (_, i) => 51 + i);
  assert.equal(freeVrid(new Set(most)), 1);
  assert.equal(freeVrid(new Set(Array.from({ length: 255 }, (_, i) => i + 1))), undefined);
});

Deno.test("an address is completed with the subnet's length where none was typed", () => {
  const own = prefix("192.168.1.11/24");
  const complete = (text: string) => formatPrefix(completed(prefix(text), text, own));
  assert.equal(complete("192.168.1.50"), "192.168.1.50/24");
  assert.equal(complete("192.168.1.50/32"), "192.168.1.50/32");
  assert.equal(complete("10.0.0.5"), "10.0.0.5/32");
});

Deno.test("what cannot float says why", () => {
  const fault = (text: string) => faultOfAddress(prefix(text), prefix("192.168.1.11/24")) ?? "";
  assert.match(fault("192.168.1.11/24"), /own address/);
  assert.match(fault("127.0.0.2/8"), /loopback/);
  assert.match(fault("192.168.1.0/24"), /network's or broadcast/);
  assert.match(fault("192.168.1.255/24"), /network's or broadcast/);
  assert.equal(fault("192.168.1.255/32"), "");
  assert.equal(fault("192.168.1.50/24"), "");
});
