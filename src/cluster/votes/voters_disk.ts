/**
 * What is written down of the voters, beside the loop, and what waits until it is (decision 0090):
 * forgotten by a power cut, the first promise of a lease could be followed by one by another list.
 */
import { after, type Instant, seconds } from "../../time.ts";
import type { Outgoing } from "./message.ts";
import type { SavedVote, VotersNote } from "./note.ts";
import type { VoterList } from "./voters.ts";
import { type Voted, type Voter, written } from "./voter.ts";

/** What it works with. */
export interface DiskOptions {
  readonly now: () => Instant;
  /**
   * Writes it down where it survives a power cut, beside the loop; `done`, at any time: it is, or
   * (false) could not be, and a turn follows.
   */
  readonly saveVoters: (note: VotersNote, done: (isWritten: boolean) => void) => void;
}

/** What could not be written down is tried again after this. */
const SAVE_AGAIN = seconds(5);

/** Of promises that nobody was told of yet only the newest are of use: they are asked again. */
const MOST_UNTOLD = 64;

interface Saving {
  readonly note: VotersNote;
  outcome: { readonly isWritten: boolean; readonly at: Instant } | undefined;
}

/** The disk of one machine, for its voter. */
export class VotersDisk {
  readonly #options: DiskOptions;
  /** When something is to be written down. */
  #saveAt: Instant | undefined;
  /** What was handed over, and what came of it at which time; undefined: nothing yet. */
  #saving: Saving | undefined;
  /** First promises of a lease. */
  #untold: readonly Outgoing[] = [];
  /** The disk takes nothing: promises do not wait for it. */
  #isRefusing = false;

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  /** There is something to write down. */
  want(): void {
    this.#saveAt ??= this.#options.now();
  }

  /** What the voter may say now; the rest comes with {@link VotersDisk.tick}. */
  passed({ voter: { votes }, messages }: Voted): readonly Outgoing[] {
    if (messages.some(({ message: { lease } }) => votes.get(lease)?.isUnsaved)) this.want();
    const waits = ({ message: { kind, lease } }: Outgoing) =>
      kind === "vote-grant" && votes.get(lease)?.saved === undefined && !this.#isRefusing;
    const untold = messages.filter(waits);
    if (untold.length === 0) return messages;
    this.#untold = [...this.#untold, ...untold].slice(-MOST_UNTOLD);
    return messages.filter((one) => !waits(one));
  }

  nextDeadline(): Instant | undefined {
    if (this.#saving === undefined) return this.#saveAt;
    return this.#saving.outcome?.at;
  }

  /** Takes in what was written down, and hands over what there is; `file`: the list to compare. */
  tick(now: Instant, file: VoterList, voter: Voter): Voted {
    if (this.#saving !== undefined) return this.#takeSaved(now, voter);
    if (this.#saveAt === undefined || this.#saveAt > now) return { voter, messages: [] };
    const leases = new Map<string, SavedVote>();
    for (const [lease, { epoch, voters }] of voter.votes) {
      if (voters !== undefined) leases.set(lease, { epoch, voters });
    }
    const saving: Saving = {
      note: { file, leases },
      outcome: undefined,
    };
    this.#saving = saving;
    this.#saveAt = undefined;
    this.#options.saveVoters(saving.note, (isWritten) => {
      saving.outcome = { isWritten, at: this.#options.now() };
    });
    return this.#takeSaved(now, voter);
  }

  /** What was handed over, not what is known by now, is written down. */
  #takeSaved(now: Instant, before: Voter): Voted {
    if (this.#saving?.outcome === undefined) return { voter: before, messages: [] };
    const { note, outcome: { isWritten } } = this.#saving;
    this.#saving = undefined;
    this.#isRefusing = !isWritten;
    let voter = before;
    if (isWritten) {
      for (const [lease, one] of note.leases) voter = written(voter, lease, one);
      if (voter.votes.values().some(({ isUnsaved }) => isUnsaved)) this.#saveAt ??= now;
    } else this.#saveAt = after(now, SAVE_AGAIN);
    const untold = this.#untold;
    this.#untold = [];
    return { voter, messages: this.passed({ voter, messages: untold }) };
  }
}
