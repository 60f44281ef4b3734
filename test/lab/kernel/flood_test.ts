/** Floods on a real socket: what the kernel keeps away, and who is heard all the same. */
import assert from "node:assert/strict";
import { linkWith } from "../../../src/net/interfaces.ts";
import { ip, sameIp } from "../../../src/net/ip.ts";
import { after, milliseconds, seconds } from "../../../src/time.ts";
import { batchesUntilDeadline, datagrams, waitUntil } from "../../contract/lab.ts";
import { GROUP4, HOST4, MULTICAST4, openMachines, PEER4 } from "../../support/kernel/machine.ts";
import { kernelTest } from "../../support/kernel/netns.ts";

const STRANGER = ip("10.77.0.66");

/** The beginning of a message. */
function withVrid(vrid: number): Uint8Array {
  return new Uint8Array(12).with(0, 0x31).with(1, vrid);
}

for (const kind of ["multicast", "unicast", "udp"] as const) {
  kernelTest(`a flood: our VRIDs alone are heard, and known sources first: ${kind}`, async () => {
    await using machines = await openMachines();
    const { lan, host, peer } = machines;
    await lan.host("peer").ip("addr", "add", "10.77.0.66/24", "dev", "eth0");
    await waitUntil(peer, () => linkWith(peer.interfaces(), STRANGER) !== undefined);
    const at = (source: typeof HOST4) =>
      kind === "multicast" ? MULTICAST4 : {
        kind,
        family: "ipv4",
        source,
        interface: "eth0",
        port: 336,
      } as const;
    const to = kind === "multicast" ? GROUP4 : HOST4;
    const send = (source: typeof HOST4, vrid: number) =>
      peer.send(at(source), source, to, withVrid(vrid));
    host.open(at(HOST4));
    for (const source of [PEER4, STRANGER]) peer.open(at(source));
    host.hear(at(HOST4), { vrids: [51], known: [PEER4] });
    send(PEER4, 52);
    send(STRANGER, 51);
    const first = datagrams(await waitUntil(host, (soFar) => datagrams(soFar).length > 0));
    assert.deepEqual(first.map(({ payload }) => payload[1]), [51]);
    const heard = { known: 0, others: 0, sent: 0 };
    const end = after(host.now(), seconds(20));
    while (heard.sent < 8000 && host.now() < end) {
      for (let i = 0; i < 200; i++) send(STRANGER, 51);
      send(PEER4, 51);
      heard.sent += 200;
      const deadline = after(host.now(), milliseconds(5));
      const taken = (await batchesUntilDeadline(host, deadline)).flatMap((one) => datagrams(one));
      const known = taken.filter(({ source }) => sameIp(source, PEER4)).length;
      heard.known += known;
      heard.others += taken.length - known;
    }
    assert.equal(heard.known, heard.sent / 200, JSON.stringify(heard));
    assert.ok(heard.others < heard.sent / 2, JSON.stringify(heard));
  });
}
