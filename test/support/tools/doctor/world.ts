/** An empty environment for the doctor, with what a test adds. */
import assert from "node:assert/strict";
import { plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import type { DoctorTarget } from "../../../../src/tools/doctor/target.ts";
import type {
  Environment,
  HeardAdvert,
  LanAnswer,
  LanSeen,
} from "../../../../src/tools/doctor/environment.ts";
import { ip } from "../../../../src/net/ip.ts";
import { milliseconds, seconds } from "../../../../src/time.ts";
import { machine } from "../../config/machines.ts";

/** Two nodes by unicast. */
export const PAIR = `[nodes]
pi-a = "192.168.1.11"
pi-b = "192.168.1.12"

[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]
`;

/** The same floating address with nobody named. */
export const NAMELESS = '[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n';

/** pi-a, with eth0. */
export const HERE = machine({ lo: ["127.0.0.1/8"], eth0: ["192.168.1.11/24"] });

/** What pi-a is to do by `text`, on `here`. */
export function subjectOf(text: string, here = HERE): DoctorTarget {
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
  const { config } = decoded;
  const { node } = plan(config, here, undefined, undefined);
  return { file: "/f.toml", stateDir: "/state", problems: [], plan: { config, node } };
}

/** A LAN on which nothing happens. */
export function lanWith(seen: Partial<LanSeen> = {}): LanSeen {
  return {
    listened: seconds(4),
    adverts: [],
    unread: [],
    delivered: [],
    asked: [],
    answers: [],
    members: [],
    refused: [],
    refusal: undefined,
    ...seen,
  };
}

/** An advert of `source` for `addresses`, heard on eth0. */
export function heard(source: string, addresses: readonly string[], vrid = 51): HeardAdvert {
  return {
    interface: "eth0",
    source: ip(source),
    mac: `52:54:00:00:00:${source.split(".").at(-1)}`,
    destination: ip("224.0.0.18"),
    outgoing: false,
    advert: {
      version: 3,
      vrid,
      priority: 100,
      interval: seconds(1),
      addresses: addresses.map(ip),
    },
  };
}

/** "`address` is at a hardware address that ends in `end`." */
export function answer(address: string, end: string): LanAnswer {
  return { interface: "eth0", address: ip(address), mac: `52:54:00:00:00:${end}` };
}

/** Nothing is there: no file, no program, no daemon. */
export function emptyWorld(changes: Partial<Environment> = {}): Environment {
  return {
    interfaces: HERE.interfaces,
    runtime: { version: "1.0.0", arch: "x86_64", standalone: false },
    root: true,
    year: 2026,
    read: () => Promise.resolve(undefined),
    list: () => Promise.resolve([]),
    ask: () => Promise.resolve(undefined),
    tryWriting: () => Promise.resolve(undefined),
    tryFence: () => Promise.resolve(undefined),
    tryConnecting: () => Promise.resolve("connection refused"),
    etcd: () => Promise.resolve([]),
    daemon: () => Promise.resolve({ kind: "silent", why: "stopped", reason: "not running" }),
    lan: () => Promise.resolve(lanWith()),
    lateness: () => Promise.resolve([milliseconds(0.1)]),
    ...changes,
  };
}
