/** Events done to a master, and what its client sees: one value for each figure and round. */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Floatip } from "../support/interop/floatip.ts";
import { wallNow } from "../support/lab/wall_clock.ts";
import { macOf } from "../support/interop/holders.ts";
import { until } from "../support/until.ts";
import { ADDRESS, lostSince, type Scene } from "../support/moves/scene.ts";
import type { Probe } from "../support/lab/probe.ts";
import { Duo, type DuoSettings, start, untilMaster } from "./duo.ts";

/**
 * Values in milliseconds (or plain counts) by figure; Infinity: it did not end while it was
 * watched.
 */
export type Figures = Map<string, number[]>;

/** Does its event `runs` times with a pair of one program. */
export type Measure = (scene: Scene, settings: DuoSettings, runs: number) => Promise<Figures>;

/** The address that a reload adds. */
const ADDED = "10.77.0.101";

/** RestartSec of floatip's unit. */
const RESTART_AFTER_MS = 20;

/** Longer than a backup waits at 1 s adverts. */
const TAKEOVER_MS = 4500;

const FROZEN_MS = 5000;

/**
 * The cable between master and LAN is cut without a carrier's end; the moments are spread evenly
 * over the interval.
 */
export const cutCable: Measure = async (scene, settings, runs) => {
  await using duo = await Duo.open(scene, settings);
  await using probe = await scene.probe();
  await rememberMaster(scene);
  const figures: Figures = new Map();
  for (let run = 0; run < runs; run++) {
    const beat = await scene.claimOf("a", wallNow());
    const at = beat + (run + 0.5) / runs * settings.intervalMs;
    await pause(Math.max(0, at - wallNow()));
    const cut = wallNow();
    await scene.host("a").isolate();
    const first = await scene.claimOf("b", cut);
    const last = scene.capture.advertsOf(scene.host("a").address)
      .findLast((seen) => seen.at < first)?.at ?? NaN;
    note(figures, "last advert to the successor's first, ms", first - last);
    note(figures, "gap at the client, ms", await gap(probe, cut));
    await scene.host("a").join();
    await duo.untilRest();
  }
  return figures;
};

/** An orderly stop, and a new start. */
export const terminate: Measure = async (scene, settings, runs) => {
  await using duo = await Duo.open(scene, settings);
  await using probe = await scene.probe();
  const figures: Figures = new Map();
  for (let run = 0; run < runs; run++) {
    const left = wallNow();
    const stopped = duo.a.stop();
    await scene.claimOf("b", left);
    await stopped;
    note(figures, "gap at the client, ms", await gap(probe, left));
    await duo.again();
    await duo.untilRest();
  }
  return figures;
};

/** It is killed, and stays dead until a successor has been there for a while. */
export const murder: Measure = async (scene, settings, runs) => {
  await using duo = await Duo.open(scene, settings);
  const figures: Figures = new Map();
  for (let run = 0; run < runs; run++) {
    await pause(run / runs * settings.intervalMs);
    const killed = wallNow();
    await duo.a.crash();
    note(figures, "successor's first advert, ms", await scene.claimOf("b", killed) - killed);
    await noteRelease(figures, scene, killed);
    await duo.again();
    await duo.untilRest();
  }
  return figures;
};

/** It is killed, and a supervisor starts it again. */
export const killAndRestart: Measure = async (scene, settings, runs) => {
  await using duo = await Duo.open(scene, settings);
  await using probe = await scene.probe();
  const figures: Figures = new Map();
  for (let run = 0; run < runs; run++) {
    const killed = wallNow();
    await duo.a.crash();
    await pause(RESTART_AFTER_MS);
    await duo.again();
    await pause(TAKEOVER_MS);
    await duo.untilRest();
    const other = scene.capture.advertsOf(scene.host("b").address, killed).length;
    note(figures, "gap at the client, ms", await gap(probe, killed));
    note(figures, "changes of mastership", other > 0 ? 2 : 0);
  }
  return figures;
};

/** It is stopped for 5 s and goes on. */
export const freeze: Measure = async (scene, settings, runs) => {
  await using duo = await Duo.open(scene, settings);
  const figures: Figures = new Map();
  for (let run = 0; run < runs; run++) {
    const frozen = wallNow();
    duo.signal("SIGSTOP");
    await scene.claimOf("b", frozen);
    await noteRelease(figures, scene, frozen);
    await pause(Math.max(0, FROZEN_MS - (wallNow() - frozen)));
    const woken = wallNow();
    duo.signal("SIGCONT");
    await pause(2 * settings.intervalMs);
    const said = scene.capture.advertsOf(scene.host("a").address, woken).length;
    note(figures, "adverts beside another master after SIGCONT", said);
    await pause(TAKEOVER_MS);
    await duo.untilRest();
  }
  return figures;
};

/** `floatip handover`, and back. keepalived has no such thing. */
export const handOver: Measure = async (scene, settings, runs) => {
  const figures: Figures = new Map();
  if (settings.program === "keepalived") return figures;
  await using duo = await Duo.open(scene, settings);
  await using probe = await scene.probe();
  for (let run = 0; run < runs; run++) {
    if (!(duo.a instanceof Floatip)) throw new Error("only floatip hands over");
    const left = wallNow();
    const { stdout, stderr } = await duo.a.command("handover", "web", "--json");
    const { routers, words } = JSON.parse(stdout || stderr);
    if (routers?.[0] === undefined) throw new Error(`not handed over: ${words}`);
    note(figures, "gap at the client, ms", await gap(probe, left));
    note(figures, "it took, ms", routers[0].took_ms);
    note(figures, "both held it, ms", routers[0].overlap_ms);
    await duo.a.command("handover", "web", "--back");
    await duo.untilRest();
  }
  return figures;
};

/** SIGHUP with a file that has one address more, and one less again. */
export const reload: Measure = async (scene, settings, runs) => {
  await using duo = await Duo.open(scene, settings);
  await using probe = await scene.probe();
  const figures: Figures = new Map();
  const text = readFileSync(duo.a.configFile, "utf8");
  const more = settings.program === "floatip"
    ? text.replace(`"${ADDRESS}/24"`, `"${ADDRESS}/24", "${ADDED}/24"`)
    : text.replace(`${ADDRESS}/24`, `${ADDRESS}/24\n    ${ADDED}/24`);
  for (let run = 0; run < runs; run++) {
    const asked = wallNow();
    writeFileSync(duo.a.configFile, more);
    duo.a.child.kill("SIGHUP");
    const change = (kind: string) => () =>
      scene.changes.a.changesOf(ADDED, asked).find((one) => one.kind === kind);
    note(figures, "until it is there, ms", (await until(ADDED, change("added"))).at - asked);
    await pause(2 * settings.intervalMs);
    note(figures, "gap at the client, ms", await gap(probe, asked));
    note(figures, "longest time between adverts, ms", longestGap(scene, asked));
    writeFileSync(duo.a.configFile, text);
    duo.a.child.kill("SIGHUP");
    await until(`${ADDED} gone`, change("removed"));
    await duo.untilRest();
  }
  return figures;
};

/**
 * From the start of a lone node to its first advert: the protocol has it listen for 3.2 intervals
 * first.
 */
export const startUp: Measure = async (scene, settings, runs) => {
  const figures: Figures = new Map();
  for (let run = 0; run < runs; run++) {
    const started = wallNow();
    const one = await start(scene, "a", settings);
    note(figures, "start to the first advert, ms", await scene.claimOf("a", started) - started);
    await untilMaster(one);
    await one.stop();
  }
  return figures;
};

/**
 * Who takes over sends its adverts to the one that is gone: on the wire they are only while its
 * hardware address is known.
 */
async function rememberMaster(scene: Scene): Promise<void> {
  const [a, b] = [scene.host("a"), scene.host("b")];
  const entry = [a.address, "lladdr", await macOf(a), "dev", b.interface, "nud", "permanent"];
  await b.ip("neigh", "replace", ...entry);
}

/** When the address went from "a" after `since`, and for how long "b" had it, too. */
async function noteRelease(figures: Figures, scene: Scene, since: number): Promise<void> {
  const gone = await scene.releaseOf("a", since, 1500).catch(() => Infinity);
  const both = gone - await scene.arrivalAt("b", since);
  note(figures, "its address gone, ms", gone - since);
  note(figures, "two holders, ms", Math.max(0, both));
}

async function gap(probe: Probe, since: number): Promise<number> {
  return (await lostSince(probe, since))?.lengthMs ?? 0;
}

function longestGap(scene: Scene, since: number): number {
  const times = scene.capture.advertsOf(scene.host("a").address).map(({ at }) => at);
  const gaps = times.slice(1).map((at, i) => ({ at, length: at - (times[i] ?? NaN) }));
  return Math.max(...gaps.filter(({ at }) => at >= since).map(({ length }) => length));
}

function note(figures: Figures, name: string, value: number): void {
  figures.set(name, [...figures.get(name) ?? [], value]);
}
