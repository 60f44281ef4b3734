/**
 * An etcd cluster decides on an exclusive address, and is killed, cut off, slowed and filled: who
 * answers, asked by ARP every 2 ms.
 *
 *     deno task cuts-etcd                        all scenes, five times each
 *     deno task cuts-etcd -- --runs 20 leader    one of them
 *
 * Exit code 1: two machines answered, or a holder was silent while a majority of etcd answered.
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { demand } from "../support/lab/command.ts";
import { ensure, missing } from "../support/lab/prerequisites.ts";
import { wallNow } from "../support/lab/wall_clock.ts";
import { CutLab } from "./lab.ts";

const NODES = ["a", "b"], MEMBERS = ["e1", "e2", "e3"];
/** A holder is silent only where questions were lost for longer: a busy machine. */
const SILENT_MS = 500;
/** A whole one of Debian's etcd-server 3.4 takes 64 MB for its log. */
const SMALL_ROOM = 66 * 1024 * 1024;

/** One thing that happens, and what is to come of it. */
interface Scene {
  readonly what: string;
  /** Is the address to be answered for all the time? */
  readonly keeps: boolean;
  readonly room?: number;
  /** Something happens, and lasts until this resolves. */
  readonly happen: (lab: CutLab) => Promise<void>;
  /** And is over. */
  readonly mend: (lab: CutLab) => Promise<void>;
}

async function leaderOf(lab: CutLab): Promise<string> {
  const leader = await lab.etcd?.leader();
  return leader?.host.name ?? "";
}

async function others(lab: CutLab): Promise<readonly string[]> {
  const leader = await leaderOf(lab);
  return MEMBERS.filter((name) => name !== leader);
}

async function startAll(lab: CutLab): Promise<void> {
  for (const name of lab.machines) await lab.start(name);
}

const SCENES: Readonly<Record<string, Scene>> = {
  leader: {
    what: "the leader of etcd is killed",
    keeps: true,
    happen: async (lab) => {
      await lab.crash(await leaderOf(lab));
      await pause(6000);
    },
    mend: startAll,
  },
  frozen: {
    what: "the leader of etcd is stopped for 6 s, and goes on",
    keeps: true,
    happen: async (lab) => {
      const leader = await leaderOf(lab);
      lab.signal(leader, "SIGSTOP");
      await pause(6000);
      lab.signal(leader, "SIGCONT");
      await pause(2000);
    },
    mend: startAll,
  },
  minority: {
    what: "the leader of etcd is cut off from all but the holder",
    keeps: true,
    happen: async (lab) => {
      const leader = await leaderOf(lab);
      await lab.cut(
        [...MEMBERS, "b"].filter((name) => name !== leader).flatMap((name) => [
          [leader, name],
          [name, leader],
        ]),
      );
      await pause(8000);
    },
    mend: (lab) => lab.cut([]),
  },
  latency: {
    what: "500 ms of latency to etcd, each way",
    keeps: true,
    happen: async (lab) => {
      for (const node of NODES) {
        for (const member of MEMBERS) {
          for (const way of [[node, member], [member, node]] as const) await lab.delay(way, 500);
        }
      }
      // The relays have begun by then.
      await pause(5000);
      await lab.cut(waysBetween());
      await pause(10_000);
    },
    mend: async (lab) => {
      await lab.cut([]);
      for (const way of waysBetween()) lab.hurry(way);
    },
  },
  majority: {
    what: "two members of etcd are killed",
    keeps: false,
    happen: async (lab) => {
      for (const name of await others(lab)) await lab.crash(name);
      await pause(8000);
    },
    mend: startAll,
  },
  cut: {
    what: "two members of etcd are cut off from the third and the nodes",
    keeps: false,
    happen: async (lab) => {
      const off = await others(lab);
      const left = lab.machines.filter((name) => !off.includes(name));
      await lab.cut(off.flatMap((one) => left.flatMap((two) => [[one, two], [two, one]] as const)));
      await pause(8000);
    },
    mend: (lab) => lab.cut([]),
  },
  disk: {
    what: "the disks of all members are full",
    keeps: false,
    room: SMALL_ROOM,
    happen: async (lab) => {
      for (const { folder } of lab.etcd?.members ?? []) {
        await demand(["sh", "-c", `dd if=/dev/zero of=${folder}/full bs=64k 2>/dev/null; true`]);
      }
      await pause(15_000);
    },
    mend: async (lab) => {
      for (const { folder } of lab.etcd?.members ?? []) {
        await demand(["rm", "-f", `${folder}/full`]);
      }
      await startAll(lab);
    },
  },
  takeover: {
    what: "the holder is killed: the other one takes over",
    keeps: false,
    happen: async (lab) => {
      await lab.crash("a");
      await pause(7000);
    },
    mend: startAll,
  },
};

function waysBetween(): readonly (readonly [string, string])[] {
  return NODES.flatMap((node) =>
    MEMBERS.flatMap((member) => [[node, member], [member, node]] as const)
  );
}

/** Milliseconds of the longest silence in each run; whether two answered. */
async function play({ room, happen, mend }: Scene, runs: number) {
  await using lab = await CutLab.open({
    ...{ program: "exclusive", layout: "etcd", intervalMs: 1000, askEveryMs: 2, room },
  });
  const { answers } = lab;
  const silent: number[] = [];
  for (let run = 0; run < runs; run++) {
    answers.forgetBeats();
    await calm(lab);
    // A backup has seen the last renewals.
    await pause(2000);
    const from = wallNow();
    await happen(lab);
    const now = wallNow();
    await mend(lab);
    answers.forgetBeats();
    await calm(lab);
    const gaps = answers.silences.filter(({ to }) => to > from);
    const before = gaps.filter(({ from }) => from < now);
    silent.push(Math.max(0, ...before.map(({ from, to }) => to - from)));
  }
  return { silent, doubles: answers.doubles.length, late: answers.late.length };
}

async function calm({ answers, etcd, nodes }: CutLab): Promise<void> {
  const end = wallNow() + 60_000;
  while (!answers.isCalm && wallNow() < end) await pause(100);
  if (!answers.isCalm) throw new Error(`none of ${nodes} answers though all is well again`);
  await etcd?.leader();
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { runs: { type: "string", default: "5" } },
    allowPositionals: true,
  });
  await ensure(["iproute2", "nftables", "etcd-server", "curl"]);
  const lacking = missing("nft", "etcd", "curl");
  if (lacking !== undefined) {
    console.error(`cuts-etcd: ${lacking}`);
    return 2;
  }
  let isBad = false;
  const names = positionals.length > 0 ? positionals : Object.keys(SCENES);
  for (const name of names) {
    const scene = SCENES[name];
    if (scene === undefined) throw new Error(`scenes: ${Object.keys(SCENES).join(" ")}`);
    const { silent, doubles, late } = await play(scene, Number(values.runs));
    const sorted = silent.toSorted((one, other) => one - other);
    const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
    console.log(
      `${scene.what}: ${silent.length} times, two answered ${doubles} questions, longest ` +
        `silence ${at(0)} / ${at(0.5)} / ${at(1)} ms (least, median, most)` +
        `${late > 0 ? `; the asker was late ${late} times` : ""}`,
    );
    isBad ||= doubles > 0 || (scene.keeps && Number(at(1)) > SILENT_MS);
  }
  return isBad ? 1 : 0;
}

Deno.exit(await main(Deno.args.filter((arg) => arg !== "--")));
