/**
 * A virtual router that another daemon of the machine runs: a fault, and hands off its addresses.
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { reservationFaults, Reservations } from "../../../../src/daemon/machine/reservation.ts";
import { createVirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { type Instant, seconds, type WallTime } from "../../../../src/time.ts";
import { becomeMaster } from "../../../../src/vrrp/transitions.ts";
import { aPlan } from "../../../support/daemon/plans.ts";
import { RecordingHost } from "../../../support/daemon/recording_host.ts";
import { address, link } from "../../../support/net/links.ts";
import { performEffect } from "../../../support/daemon/perform_effect.ts";

const HERE = {
  links: [link("eth0", 2)],
  addresses: [address(2, "10.77.0.100/24", { ours: true })],
};
const journal = { write() {} };

function aLab() {
  const router = createVirtualRouter(aPlan(), 0 as WallTime, 0 as Instant);
  const host = new RecordingHost(HERE);
  host.others = new Map([["floatip 51 ipv4 eth0", 123]]);
  return { router, host, reservations: new Reservations(host) };
}

Deno.test("what another daemon runs is in fault, is tried again, keeps its addresses", () => {
  const { router, host, reservations } = aLab();
  reservations.take([router]);
  const words = "another floatip on this machine, process 123, runs VRID 51 on eth0";
  deepStrictEqual(reservationFaults(router), [{ kind: "other-process", message: words }]);
  strictEqual(router.retryAt, host.now() + seconds(5));
  performEffect({ kind: "remove-addresses" }, router, host, journal);
  deepStrictEqual(host.calls, []);
  host.others = new Map();
  reservations.take([router]);
  deepStrictEqual(reservationFaults(router), []);
  performEffect({ kind: "remove-addresses" }, router, host, journal);
  strictEqual(host.calls.length, 1);
});

Deno.test("a master whose name another daemon has goes on: addresses would be left", () => {
  const { router, host, reservations } = aLab();
  router.state = becomeMaster("backup", { kind: "start" }, host.now(), router.rules).state;
  reservations.take([router]);
  deepStrictEqual(reservationFaults(router), []);
});
