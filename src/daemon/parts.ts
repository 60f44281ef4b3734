/** Parts of a daemon, put together: the table, what changes it, and what watches it. */
import { decodeVotersNote, encodeVotersNote } from "../cluster/votes/note.ts";
import type { Config } from "../config/config.ts";
import type { Host } from "../host.ts";
import { type Instant, seconds } from "../time.ts";
import { AddressConflicts } from "./holders/address_conflicts.ts";
import { Announcer } from "./announcer.ts";
import { Budgets } from "./journal/budgets.ts";
import { Channel } from "./nodes/channel.ts";
import { Checks } from "./checks.ts";
import type { Maintenance } from "./command.ts";
import { Conflicts } from "./holders/conflicts.ts";
import { Driver } from "./driver.ts";
import { FenceKeeper } from "./machine/fence.ts";
import { Handoffs } from "./handoffs.ts";
import { Handovers } from "./handovers.ts";
import { HealthWatch } from "./holders/health_watch.ts";
import { Inquiry } from "./holders/inquiry.ts";
import { Interests } from "./machine/interests.ts";
import { Leases, type LeasesOptions } from "./exclusive/leases.ts";
import { arbiterMaker } from "./exclusive/make_arbiter.ts";
import type { Journal } from "./journal/journal.ts";
import { Once } from "./journal/log.ts";
import { Parking } from "./parking.ts";
import { MaintenanceMode } from "./maintenance.ts";
import { Metrics } from "./journal/metrics.ts";
import { Neighbours } from "./holders/neighbours.ts";
import { NodeWatch } from "./nodes/node_watch.ts";
import { takeObservation } from "./journal/observations.ts";
import { Receiver } from "./receive.ts";
import { Reconciler } from "./reconcile.ts";
import type { Observer } from "./journal/record.ts";
import { Reports } from "./nodes/reports.ts";
import { Reservations } from "./machine/reservation.ts";
import { judgementsOf, type ResumeState } from "./resume.ts";
import { ResumeWriter } from "./resume_writer.ts";
import { Routers } from "./routers.ts";
import { loneliness, type Others } from "./nodes/successors.ts";
import type { VirtualRouter } from "./virtual_router.ts";
import { SealedAdverts } from "./nodes/sealed_adverts.ts";
import { SecondOpinion } from "./nodes/second_opinion.ts";
import { Wishes } from "./nodes/wishes.ts";

/** What a daemon is made of. */
export interface DaemonOptions {
  readonly host: Host;
  /** Decoded and sound. */
  readonly config: Config;
  /** --node NAME. */
  readonly nodeName: string | undefined;
  /** For status only. */
  readonly configFile: string;
  readonly journal: Journal;
  /** Told of every transition, beside the journal. */
  readonly observers?: readonly Observer[];
  /**
   * Called once in each turn of the loop, first when all is set up; says when the loop is to turn
   * again at the latest.
   */
  readonly onTurn?: (now: Instant) => Instant | undefined;
  /** What the process before this one wrote down for it. */
  readonly resume?: ResumeState | undefined;
  /**
   * Writes down for the process after this one; on a file system in memory, several times a second.
   * Never throws.
   */
  readonly saveResume?: (note: ResumeState) => void;
  /** Maintenance that was in force when the process before this one ended. */
  readonly maintenance?: Maintenance | undefined;
  /** Writes maintenance down where it survives a reboot. Never throws. */
  readonly saveMaintenance?: (maintenance: Maintenance | undefined) => string | undefined;
  /** The highest numbers of changes of holder that were written down, by lease. */
  readonly epochs?: ReadonlyMap<string, number>;
  /** Writes one down. Never throws. */
  readonly saveEpoch?: (lease: string, epoch: number) => void;
  /** Which machines vote on each lease, as it was written down. */
  readonly voters?: unknown;
  /** Writes that down, synced, beside the loop; false: it could not. Never throws. */
  readonly saveVoters?: (
    note: Readonly<Record<string, unknown>>,
    done: (isWritten: boolean) => void,
  ) => void;
}

/** How many conflicts, and near misses, the history gets. */
const INCIDENTS = { most: 100, every: seconds(60) };

/** All parts of one daemon. */
export type Parts =
  & Ground
  & Core
  & { readonly fence: FenceKeeper }
  & ReturnType<typeof createWatch>
  & ReturnType<typeof createCluster>
  & ReturnType<typeof createHandling>;

type Ground = ReturnType<typeof createGround>;

interface Core {
  readonly driver: Driver;
  readonly reconciler: Reconciler;
  readonly interests: Interests;
  readonly resumeWriter: ResumeWriter;
}

/** What the core tells, and asks, and is made after it. */
interface Later {
  addressConflicts?: AddressConflicts;
  secondOpinion?: SecondOpinion;
  reports?: Reports;
  seals?: SealedAdverts;
  leases?: Leases;
}

const NO_SEALS: readonly string[] = [];

/** Puts them together; nothing is done yet. */
export function createParts(options: DaemonOptions): Parts {
  const ground = createGround(options);
  const later: Later = {};
  const core = createCore(options, ground, later);
  const watch = createWatch(options, ground, core, later);
  const handling = createHandling(options, ground, core, later);
  const cluster = createCluster(options, ground, core, handling);
  later.addressConflicts = watch.addressConflicts;
  later.secondOpinion = cluster.secondOpinion;
  later.reports = cluster.reports;
  later.seals = cluster.seals;
  later.leases = cluster.leases;
  const { interests, resumeWriter } = core;
  const isStarting = () => core.reconciler.isStarting;
  const fence = new FenceKeeper(options.host, options.journal, ground.routers, isStarting);
  const others = [watch.addressConflicts, resumeWriter, cluster.reports];
  for (const watcher of [fence, interests, ...others]) {
    ground.routers.watch(watcher);
  }
  return { ...ground, ...core, fence, ...watch, ...handling, ...cluster };
}

/** What knows no other part. */
function createGround({ host, journal, resume, observers = [] }: DaemonOptions) {
  const metrics = new Metrics(host.now());
  const nodes = new NodeWatch(host, journal);
  const once = new Once(journal, () => host.now());
  const all: readonly Observer[] = [metrics, nodes, ...observers];
  const incidents = new Budgets(INCIDENTS);
  const neighbours = new Neighbours();
  const wallTime = () => host.wallTime();
  return {
    routers: new Routers(),
    checks: new Checks(judgementsOf(resume, host.boot())),
    announcer: new Announcer(host, journal),
    neighbours,
    conflicts: new Conflicts({ once, observers: all, budget: incidents, wallTime, neighbours }),
    once,
    /** What the history gets that any machine on the LAN can bring about. */
    incidents,
    metrics,
    nodes,
    observers: all,
    now: () => host.now(),
    wallTime,
  };
}

/** What changes virtual routers. */
function createCore(options: DaemonOptions, ground: Ground, later: Later): Core {
  const { host, saveResume } = options;
  const { routers, checks } = ground;
  const interests = new Interests(host, routers);
  const driver: Driver = new Driver({
    ...options,
    ...ground,
    nodeName: () => reconciler.node?.node ?? "unknown",
    beforeLeaving: (router) => resumeWriter.leaves(router),
    opinionOf: (router) => later.secondOpinion?.opinionOf(router),
    sealAdvert: (endpoint, to, message) => later.seals?.seal(endpoint, to, message) ?? message,
    askNodes: (router) => later.secondOpinion?.ask(router),
    onObservation: (router, seen) => takeObservation(router, seen, ground),
    leases: () => later.leases,
  });
  const reconciler: Reconciler = new Reconciler({
    ...options,
    ...ground,
    driver,
    reservations: new Reservations(host),
    resume: options.resume,
    willLeave: (routers) => resumeWriter.willLeave(routers),
    mayGoOn: (router, { leases = [] }) => later.leases?.resume(router, leases) ?? true,
    heardChanged: () => {
      interests.heardChanged();
      later.addressConflicts?.listChanged();
    },
  });
  const resumeWriter = new ResumeWriter({
    host,
    write: saveResume,
    routers,
    checks,
    checkNames: () => reconciler.node?.checks.map(({ name }) => name) ?? [],
    seals: (isLast) => later.seals?.note(isLast) ?? [],
    sealing: () => later.seals?.sealing ?? NO_SEALS,
    advertisedAt: () => driver.advertisedAt,
    leaseNotes: (masters) => later.leases?.notes(masters) ?? [],
  });
  return { driver, reconciler, interests, resumeWriter };
}

/** What looks at others on the LAN. */
function createWatch(
  options: DaemonOptions,
  ground: Ground,
  { driver, reconciler }: Core,
  later: Later,
) {
  const { host, journal } = options;
  const { routers, observers, neighbours, conflicts, once, wallTime } = ground;
  const node = () => reconciler.node;
  const inquiry = new Inquiry({
    host,
    conflicts,
    neighbours,
    node,
    meanwhile: () => driver.fast.let(),
  });
  const watch = { host, routers, driver, node, conflicts, inquiry, neighbours, journal };
  const addressConflicts = new AddressConflicts(watch);
  const receiver = new Receiver({
    once,
    conflicts,
    find: (endpoint, vrid) => routers.find(endpoint, vrid),
    interfaces: () => host.interfaces(),
    unseal: (endpoint, datagram, at) => later.seals?.open(endpoint, datagram, at),
    newSender: (_router, source) => addressConflicts.newSender(source),
  });
  const healthWatch = new HealthWatch(observers, neighbours, routers, wallTime);
  return { addressConflicts, receiver, healthWatch };
}

/** What speaks to the other nodes of a file with [cluster]. */
function createCluster(
  options: DaemonOptions,
  { routers, checks, nodes }: Ground,
  { reconciler, driver }: Core,
  { handoffs, maintenance }: ReturnType<typeof createHandling>,
) {
  const { host, journal, resume } = options;
  const config = () => reconciler.config;
  const self = () => reconciler.node?.node;
  const before = resume?.boot === host.boot().id ? resume.seals : undefined;
  const seals = new SealedAdverts({ now: () => host.now(), config, self, before });
  const channel = new Channel({
    host,
    journal,
    config,
    self,
    onSession: (all) => seals.meet(all),
    onEnd: (now) => reports.sayLast(now),
    onMessage: ({ peer, text, session }, at) => {
      if (!leases.take(peer, text)) reports.take(peer, text, session, at);
    },
    onBeat: (beat, at) => reports.hold(beat.peer, beat, at),
  });
  const reports: Reports = new Reports({
    host,
    wire: channel,
    routers,
    checks,
    config,
    self,
    maintenance: () => maintenance.present,
    seals,
    isLeaving: () => handoffs.isStopping,
    onStanding: (node) => nodes.stands(node),
    onReport: (said) => {
      // What is asked of this node comes before what the engine makes of it.
      wishes.hear(said);
      secondOpinion.hear(said);
    },
    onHeld: (said) => secondOpinion.hear(said),
  });
  const leases: Leases = createLeases(options, { routers, config, self, channel, driver });
  const wordsOn: Reports["wordsOn"] = (router, now) => reports.wordsOn(router, now);
  const now = () => host.now();
  const wishes = new Wishes({ now, journal, config, self, wordsOn, routers, driver });
  const secondOpinion = new SecondOpinion({ now: () => host.now(), reports, routers, driver });
  nodes.believe((name, now) => reports.view(name, now));
  return { channel, reports, secondOpinion, wishes, seals, leases };
}

/** What holds exclusive addresses by leases. */
function createLeases(
  { host, epochs, saveEpoch = () => {}, voters, saveVoters = (_, done) => done(true) }:
    DaemonOptions,
  { channel, driver, ...around }: Pick<LeasesOptions, "routers" | "config" | "self"> & {
    readonly channel: Channel;
    readonly driver: Driver;
  },
): Leases {
  const isTwice = (peer: string) => channel.peer(peer, host.now())?.isTwice === true;
  const makeArbiter = arbiterMaker({
    host,
    now: () => host.now(),
    clocks: () => host.clocks(),
    randomBytes: (count) => host.randomBytes(count),
    send: (to, text) => channel.send(to, text),
    floorOf: (lease) => epochs?.get(lease) ?? 0,
    voters: decodeVotersNote(voters),
    saveVoters: (note, done) => {
      saveVoters(encodeVotersNote(note), (isWritten) => {
        done(isWritten);
        host.wake();
      });
    },
  });
  return new Leases({ ...around, host, driver: () => driver, makeArbiter, isTwice, saveEpoch });
}

/** What handles the commands of people. */
function createHandling(
  { host, journal, maintenance, saveMaintenance = () => undefined }: DaemonOptions,
  { routers, nodes }: Ground,
  { driver, reconciler }: Core,
  later: Later,
) {
  const handoffs = new Handoffs({ host, routers, driver, reconciler });
  const parts = { host, routers, driver, reconciler, handoffs, journal };
  const others = (): Others => {
    const now = host.now();
    const told = later.reports?.views(now) ?? new Map();
    const { config, node } = reconciler;
    return { config, self: node?.node, told, nodes, now };
  };
  const lonely = (router: VirtualRouter) => loneliness(router, others());
  const kept = { before: maintenance, save: saveMaintenance };
  return {
    handoffs,
    parking: new Parking(parts),
    handovers: new Handovers({ ...parts, others }),
    maintenance: new MaintenanceMode({ ...parts, ...kept, lonely }),
  };
}
