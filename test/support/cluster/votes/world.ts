/**
 * Machines that vote and hold, and what they send: values, so that every course of events can be
 * tried. Nothing happens by itself: a test says what happens next, and when.
 */
import {
  type Contest,
  type Holder,
  informed,
  isInForce,
  type Step,
} from "../../../../src/cluster/votes/candidacy.ts";
import { mayBeOver, type Reading, readingAfter } from "../../../../src/cluster/votes/clocks.ts";
import { type HolderNote, startHolder } from "../../../../src/cluster/votes/holder.ts";
import {
  type Outgoing,
  type VoteMessage,
  votersOf,
  type Wish,
} from "../../../../src/cluster/votes/message.ts";
import type { Terms } from "../../../../src/cluster/votes/terms.ts";
import {
  introduced,
  type Promised,
  type Vote,
  type Voter,
  votersFor,
} from "../../../../src/cluster/votes/voter.ts";
import {
  initialVoters,
  listOf,
  type VoterList,
  type Voters,
} from "../../../../src/cluster/votes/voters.ts";
import { type Nanoseconds, nanoseconds } from "../../../../src/time.ts";
import type { Protocol } from "./protocol.ts";

/** The lease of these tests. */
export const LEASE = "db";

/** What does not change in a world. */
export interface Rules {
  readonly protocol: Protocol;
  readonly terms: Terms;
  /** The list of the files in the beginning. */
  readonly list: VoterList;
  /** Those that may hold; the other voters are witnesses. */
  readonly nodes: readonly string[];
}

/** What a machine has written down where it survives everything. */
interface Disk {
  readonly epoch: number;
  readonly voters: Voters;
}

/** What a process has written down for the next one. */
interface Note {
  readonly holder: HolderNote;
  /** Its own voter's promise to it. */
  readonly own: Promised | undefined;
}

/** One machine: its process, and what outlives that. */
export interface Machine {
  readonly name: string;
  readonly now: Reading;
  /** Processes so far. */
  readonly starts: number;
  readonly voter: Voter;
  readonly holder: Holder;
  /** Those that vote by its file, and whether that is to come into force. */
  readonly file: VoterList;
  readonly isWish: boolean;
  readonly disk: Disk | undefined;
  /** What it has handed to the disk, and is not written down yet. */
  readonly writing: Disk | undefined;
  /** Until when the machine answers for the address, whatever becomes of its process. */
  readonly fence: Reading | undefined;
  readonly note: Note | undefined;
}

/** A message under way. */
export interface Flight {
  readonly from: string;
  readonly to: string;
  readonly message: VoteMessage;
}

/** A machine after something, and what it has sent to others. */
export interface Done {
  readonly machine: Machine;
  readonly sent: readonly Flight[];
}

/** Rules of a world in which `nodes` hold and `witnesses` vote as well. */
export function rulesOf(
  protocol: Protocol,
  nodes: readonly string[],
  witnesses: readonly string[],
  terms: Terms,
): Rules {
  const list = listOf([...nodes, ...witnesses]);
  return { protocol, list, terms: protocol.terms(terms), nodes };
}

/** The readings of a machine that has just booted. */
export const BOOT: Reading = { boot: nanoseconds(0), raw: nanoseconds(0) };

/** A machine that runs for so long that its voter is not silent. */
export function settled(name: string, file: VoterList): Machine {
  const [voters, epoch] = [initialVoters(file), 0];
  const saved = { ...voters.stamp, promised: epoch };
  const vote: Vote = { epoch, last: undefined, voters, saved, isUnsaved: false };
  const voter: Voter = { silentUntil: BOOT, votes: new Map([[LEASE, vote]]) };
  const holder = startHolder(tokenOf(name, 1), voters);
  const nothing = {
    fence: undefined,
    note: undefined,
    disk: { epoch, voters },
    writing: undefined,
  };
  return { name, now: BOOT, starts: 1, voter, holder, file, isWish: false, ...nothing };
}

/** The machine after it was reloaded with a file in which these vote. */
export function reloaded(machine: Machine, file: VoterList): Machine {
  if (file.join() === machine.file.join()) return machine;
  return { ...machine, file, isWish: !isInForce({ file }, machine.holder) };
}

/** Does its file name it? A daemon that is none of the nodes of its file asks for nothing. */
export function isNode({ name, file }: Machine): boolean {
  return file.includes(name);
}

/** The machine after such a reload, and what it sends: one that its file does not name gives up. */
export function reload(rules: Rules, machine: Machine, file: VoterList): Done {
  const after = reloaded(machine, file);
  return isNode(after) ? { machine: after, sent: [] } : act(rules, after, rules.protocol.release);
}

/** What a node of `name` contends for. */
export function contestOf(
  { terms }: Rules,
  { name: self, file, isWish }: Pick<Machine, "name" | "file" | "isWish">,
): Contest {
  return { self, lease: LEASE, file, isWish, terms };
}

/** Does the machine answer for the address? What shuts its fence may be late. */
export function answers({ fence, now }: Machine, lateness = nanoseconds(0)): boolean {
  return fence !== undefined && !mayBeOver(readingAfter(fence, lateness), now);
}

/** The machine after a step of its node. */
export function act(
  rules: Rules,
  machine: Machine,
  step: (contest: Contest, holder: Holder, now: Reading) => Step,
): Done {
  const { voter, now } = machine;
  const known = voter.votes.get(LEASE)?.voters;
  const holder = known === undefined ? machine.holder : informed(machine.holder, known);
  return perform(rules, machine, step(contestOf(rules, machine), holder, now));
}

/** The machine after it has offered the lease to `to`. */
export function offerTo(rules: Rules, machine: Machine, to: string): Done {
  const message = rules.protocol.offer(contestOf(rules, machine), machine.holder, to);
  return { machine, sent: message === undefined ? [] : [{ from: machine.name, ...message }] };
}

/** The machine after `message` of `from` has come. */
export function receive(rules: Rules, machine: Machine, from: string, message: VoteMessage): Done {
  const { protocol } = rules;
  const { voter, now, holder, file } = machine;
  const contest = contestOf(rules, machine);
  switch (message.kind) {
    case "vote-ask":
      return voted(rules, machine, protocol.asked(file, voter, now, from, message));
    case "vote-transfer":
      return voted(rules, machine, protocol.transferred(file, voter, now, from, message));
    case "vote-release":
      return { machine: { ...machine, voter: protocol.released(voter, from, message) }, sent: [] };
    case "vote-grant":
      return perform(rules, machine, {
        holder: protocol.granted(contest, holder, now, from, message),
        messages: [],
      });
    case "vote-refusal":
      return perform(rules, machine, protocol.refused(contest, holder, now, from, message));
    case "vote-offer": {
      if (!isNode(machine)) return { machine, sent: [] };
      const voters = votersOf(message.voters);
      const told = voters === undefined ? holder : informed(holder, voters);
      return act(
        rules,
        { ...machine, holder: told },
        (...given) => protocol.wish(...given, from, message.epoch),
      );
    }
    case "vote-wish":
      return handOver(rules, machine, from, message);
  }
}

/**
 * The machine with a new process that knows nothing but what was on its disk: the highest `epoch`,
 * and its voters. Its kernel still has the fence.
 */
export function restarted({ protocol }: Rules, machine: Machine, epoch = 0): Machine {
  const { name, now, disk, file } = machine;
  const starts = machine.starts + 1;
  const votes = new Map<string, Vote>();
  const floor = Math.max(epoch, disk?.epoch ?? 0);
  if (disk !== undefined) {
    const saved = { ...disk.voters.stamp, promised: disk.epoch };
    votes.set(LEASE, { epoch: floor, last: undefined, voters: disk.voters, saved });
  } else if (floor > 0) votes.set(LEASE, { epoch: floor, last: undefined });
  const voter = introduced(protocol.startVoter(now, votes), LEASE, file);
  const holder = startHolder(tokenOf(name, starts), votersFor(voter, LEASE, file), epoch);
  return { ...machine, starts, holder, voter, note: undefined, writing: undefined };
}

/** The highest epoch that the machine's voter has promised or heard. */
export function epochOf({ voter }: Machine): number {
  return voter.votes.get(LEASE)?.epoch ?? 0;
}

/** The machine with a new process that goes on with what was written down. */
export function resumed(rules: Rules, machine: Machine, epoch = 0): Machine {
  const { note, now } = machine;
  const fresh = restarted(rules, machine, epoch);
  const holder = note === undefined ? undefined : rules.protocol.resumeHolder(note.holder, now);
  if (note === undefined || holder === undefined) return fresh;
  const known = fresh.voter.votes.get(LEASE);
  const highest = Math.max(known?.epoch ?? 0, note.own?.epoch ?? 0);
  const votes = new Map<string, Vote>([[LEASE, { ...known, epoch: highest, last: note.own }]]);
  const voter = rules.protocol.startVoter(now, votes);
  return refenced(rules, fresh, { ...fresh, note, holder, voter });
}

/** The machine after `duration` by each of its clocks. */
export function later(machine: Machine, boot: Nanoseconds, raw: Nanoseconds): Machine {
  const { now } = machine;
  return {
    ...machine,
    now: { boot: nanoseconds(now.boot + boot), raw: nanoseconds(now.raw + raw) },
  };
}

function handOver(rules: Rules, machine: Machine, to: string, message: Wish): Done {
  const { protocol } = rules;
  const contest = contestOf(rules, machine);
  const step = protocol.transfer(contest, machine.holder, machine.now, to, message);
  const asking = machine.holder.candidacy?.asking ?? 0;
  if (step === undefined) {
    return message.epoch <= asking ? offerTo(rules, machine, to) : { machine, sent: [] };
  }
  const done = perform(rules, machine, step);
  const fence = protocol.shutsFence ? done.machine.fence : machine.fence;
  const note = protocol.voidsNote ? done.machine.note : machine.note;
  return { ...done, machine: { ...done.machine, fence, note } };
}

function voted(
  rules: Rules,
  machine: Machine,
  { voter, messages }: { readonly voter: Voter; readonly messages: readonly Outgoing[] },
): Done {
  return delivered(rules, saved(rules, { ...machine, voter }), messages);
}

/** What is to survive is handed to the disk, if that has nothing else to do. */
function saved({ protocol }: Rules, machine: Machine): Machine {
  const vote = machine.voter.votes.get(LEASE);
  if (vote?.voters === undefined || vote.isUnsaved !== true) return machine;
  if (machine.writing !== undefined) return machine;
  const writing = { epoch: vote.epoch, voters: vote.voters };
  if (!protocol.savesEarly) return { ...machine, writing };
  return { ...machine, writing, voter: protocol.written(machine.voter, LEASE, writing) };
}

/** The machine after its disk has written down what it was handed; there may be more by now. */
export function landed(rules: Rules, machine: Machine): Machine {
  const { writing, voter } = machine;
  if (writing === undefined) return machine;
  const { protocol } = rules;
  const disk = protocol.savesVoters ? writing : undefined;
  const told = protocol.written(voter, LEASE, writing);
  return saved(rules, { ...machine, disk, writing: undefined, voter: told });
}

function perform(rules: Rules, machine: Machine, { holder, messages }: Step): Done {
  const isWish = machine.isWish && (holder.voters.lists.length > 1 || !isInForce(machine, holder));
  return delivered(rules, refenced(rules, machine, { ...machine, holder, isWish }), messages);
}

/** What a machine tells itself arrives at once. */
function delivered(rules: Rules, before: Machine, messages: readonly Outgoing[]): Done {
  let machine = before;
  const sent: Flight[] = [];
  for (const { to, message } of messages) {
    if (to !== machine.name) {
      sent.push({ from: machine.name, to, message });
      continue;
    }
    const done = receive(rules, machine, to, message);
    machine = done.machine;
    sent.push(...done.sent);
  }
  return { machine, sent };
}

/** The fence follows the hold: of a process that held nothing, it stays as it is. */
function refenced(rules: Rules, before: Machine, after: Machine): Machine {
  const { protocol } = rules;
  const contest = contestOf(rules, after);
  if (after.holder.candidacy?.isHolding === true) {
    const fence = protocol.endOf(after.holder);
    const holder = protocol.noteOf(contest, after.holder, after.now);
    const last = after.voter.votes.get(LEASE)?.last;
    const isOwn = last?.to === after.name && last.token === after.holder.token;
    const note = holder === undefined ? undefined : { holder, own: isOwn ? last : undefined };
    return { ...after, fence, note };
  }
  return before.holder.candidacy?.isHolding === true
    ? { ...after, fence: undefined, note: undefined }
    : after;
}

function tokenOf(name: string, starts: number): string {
  return `${name}${starts}`;
}
