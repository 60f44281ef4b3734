/**
 * What `floatip check` says of the length of an address, and of a file that names one node only.
 */
import assert from "node:assert/strict";
import { type Machine, plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import { machine } from "../../../support/config/machines.ts";

const WEB = `[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]
`;
const PI_B = machine({ lo: ["127.0.0.1/8"], eth0: ["192.168.1.12/24"], wlan0: ["10.9.9.9/24"] });

const CASES: readonly (readonly [string, string, Machine, readonly string[]])[] = [
  ["a longer length than the subnet's", WEB.replace("50/24", "50/25"), PI_B, [
    "warning instance.web.addresses.0: 192.168.1.50/25 has another length than the subnet of " +
    "eth0, 192.168.1.0/24",
  ]],
  ["a shorter one", WEB.replace("50/24", "50/16"), PI_B, [
    "warning instance.web.addresses.0: 192.168.1.50/16 has another length than the subnet of " +
    "eth0, 192.168.1.0/24",
  ]],
  ["a host address", WEB.replace("50/24", "50/32"), PI_B, []],
  [
    "one of two lengths",
    WEB.replace("50/24", "50/16"),
    machine({ eth0: ["192.168.1.12/24", "192.168.2.12/16"] }),
    [],
  ],
  [
    "an own address without a subnet",
    `${WEB}interface = "eth0"\n`,
    machine({ eth0: ["192.168.1.12/32"] }),
    [],
  ],
  ["a lonely node", `[nodes]\npi-b = "192.168.1.12"\n${WEB}`, PI_B, [
    "warning nodes.pi-b: [nodes] names one node only: pi-b",
  ]],
];

for (const [title, text, where, expected] of CASES) {
  Deno.test(`held against the machine: ${title}`, () => {
    const decoded = decode(text);
    assert.ok(decoded.kind === "config", JSON.stringify(decoded));
    const { problems } = plan(decoded.config, where, undefined, undefined);
    const told = problems.map(({ severity, path, what }) =>
      `${severity} ${path.join(".")}: ${what}`
    );
    assert.deepEqual(told, expected);
  });
}

Deno.test("the length that is proposed is none to speak of", () => {
  const wrong = WEB.replace("50/24", "50/16");
  const problemsOf = (text: string) => {
    const decoded = decode(text);
    assert.ok(decoded.kind === "config");
    return plan(decoded.config, PI_B, undefined, undefined).problems;
  };
  const [problem] = problemsOf(wrong);
  assert.equal(problem?.fix, '"192.168.1.50/24"');
  assert.deepEqual(problemsOf(wrong.replace('"192.168.1.50/16"', problem?.fix ?? "")), []);
});

/** keepalived 2.4 names so many, and refuses adverts that name more. */
const MTUS: readonly (readonly [mtu: number, most: number])[] = [[1500, 89], [1280, 76]];

for (const [mtu, most] of MTUS) {
  Deno.test(`held against the machine: ${most} IPv6 addresses fit an MTU of ${mtu}`, () => {
    const told = (count: number, lines = "") => {
      const list = Array.from({ length: count }, (_, index) => `"fe80::${index + 1}/64"`);
      const text = `[instance.web]\ninterface = "eth0"\nvrid = 51\naddresses = [${list}]\n${lines}`;
      const decoded = decode(text);
      if (decoded.kind === "problems") return decoded.problems.map(({ what }) => what);
      const { hostName, interfaces } = machine({ eth0: ["fe80::ffff/64"] });
      const links = interfaces.links.map((link) => ({ ...link, mtu }));
      const here = { hostName, interfaces: { ...interfaces, links } };
      return plan(decoded.config, here, undefined, undefined).problems.map(({ what }) => what);
    };
    assert.deepEqual(told(most), []);
    assert.equal(told(most + 1).length, 1);
    assert.match(told(most + 1)[0] ?? "", /MTU of 1280|more than one advert can carry/);
    assert.deepEqual(told(89, 'transport = "udp"\npeers = ["fe80::13ff"]\n'), []);
  });
}
