/**
 * Field situations in which addresses of others depend on a floating one: none ends with a lease.
 */
import assert from "node:assert/strict";
import type { Floatip } from "../../support/interop/floatip.ts";
import type { Field } from "../../support/field/field.ts";
import { fieldCases } from "../../support/field/field.ts";
import { secondsLeft, SLAAC } from "../../support/kernel/machine.ts";

const FAR = "10.88.0.50";
const ROUTED = "198.51.100.0/24";

fieldCases("addresses of others", [
  {
    name: "a killed master's lease ends, an address added to its subnet stays with its routes",
    play: async (field) => {
      const lines = ['interface = "eth0"'];
      const wish = { addresses: [`${FAR}/24`], nodes: {}, interval: "1s", lines };
      const a = await field.run("a", field.file(wish));
      await a.untilState("master");
      await field.host("a").ip("addr", "add", "10.88.0.60/24", "dev", "eth0");
      await field.host("a").ip("route", "add", ROUTED, "via", "10.88.0.1");
      await untilLeaseEnds(field, a);
      await assertStays(field, "10.88.0.60");
    },
  },
  {
    name:
      "the other card's own address, which DHCP gave it late, outlives a killed or frozen master",
    lan: { second: { prefix: "10.66.0.0/24", interface: "eth1" } },
    play: async (field) => {
      const host = field.host("a");
      await host.ip("addr", "flush", "dev", "eth1");
      const wish = `addresses = [{ address = "${FAR}/24", interface = "eth1" }]`;
      const lines = ['interface = "eth0"'];
      const file = field.file({ nodes: {}, interval: "1s", lines });
      const a = await field.run("a", file.replace(/^addresses = .*$/m, wish));
      await a.untilState("master");
      await host.ip("addr", "add", "10.88.0.11/24", "dev", "eth1");
      await host.ip("route", "add", ROUTED, "via", "10.88.0.1", "dev", "eth1");
      signal(a, "SIGSTOP");
      await field.until("the lease ends", async () => !await host.holds(FAR));
      await assertStays(field, "10.88.0.11");
      signal(a, "SIGCONT");
      await field.until("it is there again", () => host.holds(FAR));
      await untilLeaseEnds(field, a);
      await assertStays(field, "10.88.0.11");
    },
  },
  {
    name:
      "the route of a SLAAC address keeps its end where a floating IPv6 address shares its subnet",
    lan: { ipv6: true },
    play: async (field) => {
      const host = field.host("a");
      await host.ip("addr", "add", ...SLAAC);
      const a = await field.run("a", field.file({ addresses: ["fd88::50/64"], nodes: {} }));
      await a.untilState("master");
      await a.crash();
      await field.until("the lease ends", async () => !await host.holds("fd88::50"));
      const route = await host.ip("-6", "route", "show", "fd88::/64");
      assert.ok(secondsLeft(route) > 60, route);
    },
  },
]);

async function untilLeaseEnds(field: Field, a: Floatip): Promise<void> {
  await a.crash();
  await field.until("the lease ends", async () => !await field.host("a").holds(FAR));
}

async function assertStays(field: Field, address: string): Promise<void> {
  const host = field.host("a");
  assert.ok(await host.holds(address), `${address} is gone`);
  assert.match(await host.ip("route", "show", ROUTED), /via 10\.88\.0\.1/);
  assert.match(await host.ip("route", "show", "10.88.0.0/24"), new RegExp(`src ${address}`));
}

function signal({ child }: Floatip, name: "SIGSTOP" | "SIGCONT"): void {
  child.kill(name);
}
