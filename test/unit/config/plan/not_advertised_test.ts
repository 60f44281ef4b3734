/**
 * Addresses that adverts do not name go with the virtual router of their family, or the only one.
 */
import assert from "node:assert/strict";
import { plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import { formatIp } from "../../../../src/net/ip.ts";
import { formatPrefix } from "../../../../src/net/prefix.ts";
import { machine } from "../../../support/config/machines.ts";

const MACHINE = machine({ eth0: ["192.168.1.12/24"] });

/** For each virtual router its family, what its adverts name and what it holds. */
function routers(...addresses: readonly string[]): readonly (readonly string[])[] {
  const instance = `[instance.web]\ninterface = "eth0"\nvrid = 51\n`;
  const decoded = decode(`${instance}addresses = [${addresses.join(", ")}]\n`);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
  const { node } = plan(decoded.config, MACHINE, undefined, undefined);
  return node.plans.map(({ virtualAddresses: held, rules: { family, addresses } }) => [
    family,
    addresses.map(formatIp).join(" "),
    held.map(({ prefix }) => formatPrefix(prefix)).join(" "),
  ]);
}

const SIX = '{ address = "2001:db8::50/64", advertise = false }';
const FOUR = '{ address = "192.168.1.51/24", advertise = false }';

Deno.test("of another family than all advertised ones: with the only router", () => {
  assert.deepEqual(routers(SIX, '"192.168.1.50/24"', FOUR), [
    ["ipv4", "192.168.1.50", "2001:db8::50/64 192.168.1.50/24 192.168.1.51/24"],
  ]);
});

Deno.test("of a family with a router: with that one", () => {
  assert.deepEqual(routers('"192.168.1.50/24"', '"fe80::50/64"', SIX, FOUR), [
    ["ipv4", "192.168.1.50", "192.168.1.50/24 192.168.1.51/24"],
    ["ipv6", "fe80::50", "fe80::50/64 2001:db8::50/64"],
  ]);
});
