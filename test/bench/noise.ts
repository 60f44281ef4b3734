/** Cost of packets that are no business of this node: by kind, and by packets per second. */
import { ip } from "../../src/net/ip.ts";
import { parseMac } from "../../src/net/mac.ts";
import { gratuitousArp } from "../../src/wire/arp.ts";
import { Floatip } from "../support/interop/floatip.ts";
import {
  type Attack,
  hostileFrame,
  inject,
  SPOILERS,
  strangersFrame,
} from "../support/interop/hostile.ts";
import { Keepalived } from "../support/interop/keepalived.ts";
import type { LabHost } from "../support/lab/lab_host.ts";
import { Lan } from "../support/lab/lan.ts";
import { formatTable, median, range } from "./table.ts";
import { measureUse } from "./use.ts";

const STRETCH_MS = 5000;

/** Milliseconds from one packet to the next; 0: as fast as they go. */
const EVERY_MS = [100, 10, 1];

const ADDRESS = "10.77.0.100";
const VRIDS = { floatip: 51, keepalived: 52, other: 53 };

/** Frames of one kind, from `host`; sent in turn. */
type Kind = (host: LabHost) => Promise<readonly Uint8Array[]>;

const KINDS: Readonly<Record<string, Kind>> = {
  "adverts of other VRIDs": async (host) => [
    await strangersFrame(host, attackOn(VRIDS.other), ["10.77.0.150"]),
  ],
  "ARP of other addresses": (host) => {
    const mac = parseMac("02:aa:00:00:00:01");
    if (mac === undefined) throw new Error("no MAC");
    const others = Array.from({ length: 50 }, (_, i) => gratuitousArp(mac, ip(`10.77.1.${i + 1}`)));
    return Promise.resolve(host.address === "" ? [] : others);
  },
  "hostile adverts": async (host) => {
    const spoilers = Object.values(SPOILERS).filter(({ versions }) => versions.includes(3));
    const targets = [VRIDS.floatip, VRIDS.keepalived].map(attackOn);
    return await Promise.all(
      spoilers.flatMap((one) => targets.map((attack) => hostileFrame(host, attack, one))),
    );
  },
};

function attackOn(vrid: number): Attack {
  return { version: 3, vrid, address: ADDRESS };
}

/** Measures both programs as masters on one LAN, and prints a table. */
export async function noise(runs: number): Promise<void> {
  console.log(`\nPackets of others: median of ${runs} stretches of ${STRETCH_MS / 1000} s\n`);
  await using lan = await Lan.open({ hosts: ["a", "k", "client"] });
  const common = { priority: 200, version: 3 as const, intervalMs: 1000 };
  await using floatip = await Floatip.run(lan.host("a"), {
    ...{ ...common, vrid: VRIDS.floatip, addresses: [`${ADDRESS}/24`] },
  });
  await using keepalived = await Keepalived.start(lan.host("k"), {
    ...{ ...common, vrid: VRIDS.keepalived, addresses: ["10.77.0.101/24"] },
  });
  await floatip.untilState("master");
  await keepalived.untilState("MASTER");
  const programs = { floatip, keepalived };
  const look = () => measure(lan.host("a"), programs, runs);
  const idle = await look();
  const rows = [rowOf("nothing", idle, idle)];
  for (const [kind, frames] of Object.entries(KINDS)) {
    for (const everyMs of EVERY_MS) {
      const seconds = runs * (STRETCH_MS / 1000 + 0.5) + 3;
      const sender = inject(lan.host("client"), await frames(lan.host("client")), everyMs, {
        seconds,
      });
      rows.push(rowOf(kind, await look(), idle));
      console.error(rows.at(-1)?.join("  "));
      await sender;
    }
  }
  console.log(formatTable(HEAD, rows));
}

const HEAD = [
  "packets",
  "heard/s",
  "floatip, CPU s/min (range)",
  "µs a packet",
  "keepalived",
  "µs a packet",
];

interface Heard {
  readonly perSecond: number;
  readonly floatip: readonly number[];
  readonly keepalived: readonly number[];
}

async function measure(
  host: LabHost,
  { floatip, keepalived }: { readonly floatip: Floatip; readonly keepalived: Keepalived },
  runs: number,
): Promise<Heard> {
  const costs = { floatip: [] as number[], keepalived: [] as number[] };
  const [before, since] = [await heardBy(host), performance.now()];
  for (let run = 0; run < runs; run++) {
    const uses = [floatip, keepalived].map(({ child }) => measureUse(child.pid ?? 0, STRETCH_MS));
    const [ours, theirs] = await Promise.all(uses);
    costs.floatip.push(ours?.cpuSecondsPerMinute ?? NaN);
    costs.keepalived.push(theirs?.cpuSecondsPerMinute ?? NaN);
  }
  const seconds = (performance.now() - since) / 1000;
  return { perSecond: (await heardBy(host) - before) / seconds, ...costs };
}

function rowOf(kind: string, heard: Heard, idle: Heard): string[] {
  const cells = (["floatip", "keepalived"] as const).flatMap((program) => {
    const [least, most] = range(heard[program]);
    const more = median(heard[program]) - median(idle[program]);
    const micros = more / 60 * 1e6 / (heard.perSecond - idle.perSecond);
    return [
      `${median(heard[program]).toFixed(3)} (${least.toFixed(3)}..${most.toFixed(3)})`,
      heard === idle ? "-" : micros.toFixed(0),
    ];
  });
  return [kind, heard.perSecond.toFixed(0), ...cells];
}

async function heardBy(host: LabHost): Promise<number> {
  const [link] = JSON.parse(await host.ip("-j", "-s", "link", "show", host.interface)) as readonly {
    readonly stats64: { readonly rx: { readonly packets: number } };
  }[];
  return link?.stats64.rx.packets ?? NaN;
}
