/** The kernel's routing tables, read as they are printed. */
import assert from "node:assert/strict";
import { formatIp } from "../../../src/net/ip.ts";
import {
  type DefaultRoute,
  readDefaultRoutes,
  readDefaultRoutes6,
} from "../../../src/net/routes.ts";

const show = (routes: readonly DefaultRoute[]) =>
  routes.map(({ interface: name, gateway, metric }) =>
    `${name} ${gateway === undefined ? "-" : formatIp(gateway)} ${metric}`
  );

Deno.test("default routes of IPv4, the best first", () => {
  const text = [
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT",
    "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
    "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
    "eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0",
    "ppp0\t00000000\t00000000\t0001\t0\t0\t900\t00000000\t0\t0\t0",
    "down0\t00000000\t0101A8C0\t0002\t0\t0\t1\t00000000\t0\t0\t0",
    "",
  ].join("\n");
  assert.deepEqual(show(readDefaultRoutes(text)), [
    "eth0 192.168.1.1 100",
    "wlan0 192.168.1.1 600",
    "ppp0 - 900",
  ]);
  assert.deepEqual(readDefaultRoutes(""), []);
  assert.deepEqual(readDefaultRoutes("nonsense\nmore of it"), []);
});

Deno.test("default routes of IPv6; what is rejected on lo is none", () => {
  const zero = "0".repeat(32);
  const text = [
    `${zero} 00 ${zero} 00 fe800000000000000000000000000001 00000400 1 0 00450003     eth0`,
    `${zero} 00 ${zero} 00 ${zero} ffffffff 1 0 00200200       lo`,
    `fd000000000000000000000000000000 40 ${zero} 00 ${zero} 00000100 1 0 00000001     eth0`,
    "",
  ].join("\n");
  assert.deepEqual(show(readDefaultRoutes6(text)), ["eth0 fe80::1 1024"]);
  assert.deepEqual(readDefaultRoutes6("x y z"), []);
  for (const gateway of ["fe8", "fe80", "x".repeat(32)]) {
    const line = `${zero} 00 ${zero} 00 ${gateway} 00000400 1 0 00450003     eth0`;
    assert.deepEqual(readDefaultRoutes6(line), [], gateway);
  }
});
