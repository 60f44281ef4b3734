/**
 * What anybody may send or write: packets, claims, requests, notes and files, some of them nearly
 * right.
 */
import { handoverRequest, maintenanceRequest } from "../../../src/control/requests.ts";
import type { Command } from "../../../src/daemon/command.ts";
import type { Endpoint, HostEvent } from "../../../src/host.ts";
import { type Ip, ip } from "../../../src/net/ip.ts";
import { type Instant, milliseconds, seconds, type WallTime } from "../../../src/time.ts";
import { encodeAdvert } from "../../../src/wire/vrrp.ts";
import type { Random } from "../../sim/random.ts";

/** The configuration that the daemon begins with. */
export const CONFIG = `[nodes]
pi-a = ["10.77.0.11", "fe80::11"]
pi-b = ["10.77.0.12", "fe80::12"]
pi-c = ["10.77.0.13", "fe80::13"]
[cluster]
secret = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8"
[instance.web]
vrid = 51
transport = "multicast"
addresses = ["10.77.0.50/24", "fe80::50/64"]
prefer = ["pi-a", "pi-b"]
checks = ["nginx"]
[instance.dns]
vrid = 52
addresses = ["10.77.0.52/24"]
prefer = ["pi-b", "pi-a"]
preempt = false
[instance.old]
vrid = 53
version = 2
transport = "multicast"
addresses = ["10.77.0.53/24"]
auth = { pass = "secret12" }
[check.nginx]
http = "http://127.0.0.1/"
weight = -30
`;

const ENDPOINTS: readonly Endpoint[] = [
  { kind: "multicast", family: "ipv4", interface: "eth0" },
  { kind: "multicast", family: "ipv6", interface: "eth0" },
  { kind: "unicast", family: "ipv4", interface: "eth0", source: ip("10.77.0.11") },
];

const GROUPS = { ipv4: ip("224.0.0.18"), ipv6: ip("ff02::12") };

/** A VRRP packet: sound, spoilt, or nothing but bytes. */
export function packet(random: Random, at: Instant): HostEvent {
  const endpoint = random.pick(ENDPOINTS);
  const { family } = endpoint;
  const source = sourceOf(random, family);
  const destination = endpoint.kind === "unicast" ? endpoint.source : GROUPS[family];
  const payload = random.chance(0.1)
    ? bytesOf(random, random.between(0, 1400))
    : spoilt(random, advertOf(random, source, destination));
  const ttl = random.pick([255, 255, 255, 254, 1, 0]);
  return { kind: "datagram", endpoint, datagram: { source, destination, ttl, payload }, at };
}

function sourceOf(random: Random, family: "ipv4" | "ipv6"): Ip {
  const tail = random.pick([11, 12, 13, 13, random.between(0, 255)]);
  if (family === "ipv6") return ip(`fe80::${tail.toString(16)}`);
  return random.chance(0.9)
    ? ip(`10.77.0.${tail}`)
    : ip(random.pick(["0.0.0.0", "255.255.255.255", "224.0.0.18", "127.0.0.1", "10.77.0.50"]));
}

function advertOf(random: Random, source: Ip, destination: Ip): Uint8Array {
  const version = source.family === "ipv6" || random.chance(0.7) ? 3 : 2;
  const count = random.pick([1, 1, 1, 2, 20, 90]);
  const own = source.family === "ipv6" ? "fe80::50" : "10.77.0.50";
  const addresses = Array.from(
    { length: count },
    (_, index) =>
      index === 0 && random.chance(0.7) ? ip(own) : ip(
        source.family === "ipv6" ? `fd00::${index}` : `10.9.${random.between(0, 255)}.${index}`,
      ),
  );
  try {
    return encodeAdvert(
      {
        version,
        vrid: random.pick([51, 52, 53, random.between(1, 255)]),
        priority: random.pick([0, 1, 100, 190, 200, 254, 255]),
        interval: version === 2 ? seconds(random.pick([1, 2, 255])) : milliseconds(
          random.pick([10, 100, 1000, 40_950]),
        ),
        addresses,
        ...(version === 2 ? { auth: { type: 1, data: new TextEncoder().encode("secret12") } } : {}),
      },
      source,
      destination,
    );
  } catch {
    // An advert that cannot be encoded is a packet all the same.
    return bytesOf(random, 20);
  }
}

/** `bytes` as they are, or, three times of `times`, with some of them changed, cut off or added. */
export function spoilt(random: Random, bytes: Uint8Array, times = 6): Uint8Array {
  if (bytes.length === 0) return bytes;
  switch (random.between(1, times)) {
    case 1: {
      const changed = bytes.slice();
      changed[random.between(0, changed.length - 1)] = random.between(0, 255);
      return changed;
    }
    case 2:
      return bytes.slice(0, random.between(0, bytes.length));
    case 3:
      return Uint8Array.from([...bytes, ...bytesOf(random, random.between(1, 200))]);
    default:
      return bytes;
  }
}

/** Bytes that mean nothing. */
export function bytesOf(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.between(0, 255));
}

/** Somebody says that an address is at its MAC. */
export function claim(random: Random, at: Instant): HostEvent {
  return {
    kind: "claim",
    direct: 1,
    interface: random.pick(["eth0", "eth0", "eth1"]),
    address: ip(random.pick(["10.77.0.50", "10.77.0.52", "fe80::50", "10.77.0.12", "10.9.9.9"])),
    mac: bytesOf(random, 6),
    answer: random.chance(0.5),
    leaving: false,
    at,
  };
}

/** An order as it comes by the socket; undefined: the request is not understood. */
export function order(random: Random): Command | undefined {
  const parameters = new URLSearchParams(words(random, 6));
  const reply = (): void => {};
  if (random.chance(0.5)) {
    const wanted = maintenanceRequest(parameters);
    if (typeof wanted === "string") return undefined;
    const { on, reason, force } = wanted;
    const since = 0 as WallTime;
    const maintenance = on ? { since, until: undefined, reason } : undefined;
    return { kind: "maintenance", wanted: maintenance, force, reply };
  }
  const wanted = handoverRequest(parameters);
  if (typeof wanted === "string") return undefined;
  const { instance, back, to } = wanted;
  return back
    ? { kind: "take-back", instance, reply }
    : { kind: "handover", instance, to, forTime: undefined, reply };
}

const PARAMETERS = [
  "on=1",
  "on=0",
  "&",
  "&",
  "force=1",
  "reason=disk",
  "for_ms=1000",
  "for_ms=1e99",
  "instance=web",
  "instance=dns",
  "instance=__proto__",
  "to=pi-b",
  "to=%00",
  "back=1",
  "=",
  "%",
];

function words(random: Random, most: number): string {
  return Array.from({ length: random.between(1, most) }, () => random.pick(PARAMETERS)).join("&");
}

const HEADS = [
  "GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n",
  "GET /metrics HTTP/1.0\r\n\r\n",
  "POST /v1/handover?instance=web&to=pi-b HTTP/1.1\r\ncontent-length: 5\r\n\r\n",
  "POST /v1/maintenance?on=1&reason=%F0%9F%98%80 HTTP/1.1\r\n\r\n",
  "GET http://127.0.0.1/v1/status?x HTTP/1.1\r\n\r\n",
  `GET /${"a".repeat(7000)} HTTP/1.1\r\n\r\n`,
  `GET /v1/status HTTP/1.1\r\n${"x: y\r\n".repeat(1200)}\r\n`,
];

/** The head of a request, and what may come with it. */
export function head(random: Random): Uint8Array {
  return spoilt(random, new TextEncoder().encode(random.pick(HEADS)));
}

const PIECES = [
  ..."[]{}=.,\"'#\n",
  '"""',
  "[instance.x]\n",
  "vrid = 51\n",
  "priority = 300\n",
  'prefer = ["pi-z"]\n',
  'checks = ["nginy"]\n',
  "[nodes]\n",
  'pi-d = "10.77.0.14"\n',
  "a.b.c.d.e",
  "nan",
  "1979-05-27",
  "__proto__",
  "\\u0000",
  "\u2028",
  "[".repeat(40),
  "a.".repeat(40),
  "x".repeat(20_000),
  '"x", '.repeat(2000),
];

/** A configuration file with pieces cut out, doubled, moved and put in. */
export function file(random: Random): string {
  let text = CONFIG;
  for (let left = random.between(0, 6); left > 0; left--) {
    const at = random.between(0, text.length);
    const lines = text.split("\n");
    switch (random.between(0, 3)) {
      case 0:
        text = text.slice(0, at) + random.pick(PIECES) + text.slice(at);
        break;
      case 1:
        text = text.slice(0, at) + text.slice(at + random.between(1, 20));
        break;
      case 2:
        lines.splice(random.between(0, lines.length), 0, random.pick(lines));
        text = lines.join("\n");
        break;
      default:
        lines.splice(random.between(0, lines.length), 1);
        text = lines.join("\n");
    }
  }
  return text;
}

const RECORD = {
  instance: "web",
  family: "ipv4",
  vrid: 51,
  from: "backup",
  to: "master",
  priority: 200,
  time: "2026-11-21T03:04:05.678Z",
  cause: "no advert",
  addresses: ["10.77.0.50/24"],
};

const NOTES = [
  { schema: 1, boot: "b", routers: [{ key: "web/ipv4", master: null, aside: null }], checks: [] },
  { since: 1, until: null, reason: "disk" },
  { kind: "conflict", time: RECORD.time, instance: "web", family: "ipv4", rival: "x", words: "y" },
  { id: 1, kind: "notify", instance: null, sink: "command", record: RECORD },
  { id: 2, kind: "probe", check: "nginx", result: { ok: true, text: "200", latency: 1 } },
  ["config", ["0.1.0", [], {}]],
].map((note) => JSON.stringify(note));

/** A line of JSON that one process leaves for another, or says to it. */
export function note(random: Random): string {
  const text = random.pick(NOTES);
  const at = random.between(0, text.length);
  switch (random.between(0, 5)) {
    case 0:
      return text.slice(0, at) + random.pick(PIECES) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + random.between(1, 20));
    case 2:
      return "[".repeat(random.between(0, 100_000));
    case 3:
      return text.replace(/"[^"]*"/, JSON.stringify("\u0000".repeat(random.between(0, 1000))));
    default:
      return text;
  }
}
