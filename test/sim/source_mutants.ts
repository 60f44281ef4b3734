/**
 * The daemon and the channel, broken in one place each: a copy of the checkout in which one text is
 * replaced by another, and what has to notice it.
 */
import { fileURLToPath } from "node:url";

/** A change of the program. */
export interface SourceMutant {
  readonly file: string;
  /** Is there once. */
  readonly from: string;
  readonly to: string;
  /** "votes": random runs of whole daemons; else a file of tests. */
  readonly by: string;
}

const DRIVER = "src/daemon/driver.ts";
const FENCE = "src/daemon/machine/fence.ts";
const LEASES = "src/daemon/exclusive/leases.ts";
const VOTER = "src/cluster/votes/voter.ts";
const FIRST_LISTS = "src/cluster/votes/first_lists.ts";
const CHANGES = "test/unit/cluster/votes/change_test.ts";
const RECORDINGS = "test/sim/recordings_test.ts";
const SESSIONS = "test/unit/cluster/sessions_test.ts";

/** Each mutant, by what it does wrong. */
export const SOURCE_MUTANTS: Readonly<Record<string, SourceMutant>> = {
  "a replayed DATA is accepted": {
    file: "src/cluster/replay_window.ts",
    from: "if (counter > highest) return true;",
    to: "if (counter >= 0n) return true;",
    by: RECORDINGS,
  },
  "a HELLO displaces the session before its sender has proved itself": {
    file: "src/cluster/sessions.ts",
    from: "if (!isKnown(peer, head.sid)) greetSoon(now, peer);",
    to: "if (!isKnown(peer, head.sid)) {\n" +
      "      peer.current = newSession({ name: '', sid: peer.ownSid }, head);\n" +
      "      greetSoon(now, peer);\n    }",
    by: SESSIONS,
  },
  "a lease is given up while its addresses are still there": {
    file: LEASES,
    from: "} else if (!this.#isGone(routers)) arbiter.lapse(lease);",
    to: "} else if (!this.#isGone(routers) && lease === '') arbiter.lapse(lease);",
    by: "votes",
  },
  "a lease is transferred before the addresses are off": {
    file: LEASES,
    from: "this.#giving.set(lease, by);",
    to: "this.#arbiter?.transfer(lease, by);",
    by: "votes",
  },
  "a voter votes for each node that asks": {
    file: VOTER,
    from: 'if (isPromised && !isOwn) return "promised";',
    to: 'if (isPromised && !isOwn && now.boot < 0) return "promised";',
    by: "votes",
  },
  "a lease is taken for 2 s longer than it is": {
    file: LEASES,
    from: "router.heldUntil = until;",
    to: "router.heldUntil = until && { boot: until.boot + 2e9, raw: until.raw + 2e9 };",
    by: "votes",
  },
  "a fence is kept open beyond the lease": {
    file: FENCE,
    from: "if (times !== undefined && rest !== undefined && rest < times.open) return;",
    to: "",
    by: "votes",
  },
  "the kernel keeps a holder's addresses longer than its fence guards": {
    file: FENCE,
    from: "return host.clocks().boot + lease + LATE <= guardedUntil;",
    to: "return true;",
    by: "test/sim/votes/votes_test.ts",
  },
  "a reload makes the votes again from what was read at the start": {
    file: "src/daemon/exclusive/make_arbiter.ts",
    from: "votes?.withdraw();",
    to: "votes = undefined;",
    by: "test/unit/daemon/exclusive/make_arbiter_test.ts",
  },
  "a candidate that has met another first list never goes back to its own": {
    file: FIRST_LISTS,
    from: "if (lists.length > 1) {",
    to: "if (lists.length > 1) return holder;\n  if (lists.length > 2) {",
    by: CHANGES,
  },
  "of two first lists that of the file does not stay": {
    file: FIRST_LISTS,
    from: "isSameList(other, file) ? [...lists, other] : [other, ...lists]",
    to: "isSameList(other, file) ? [other, ...lists] : [...lists, other]",
    by: CHANGES,
  },
  "a node that meets another first list goes on by its own alone": {
    file: FIRST_LISTS,
    from: "return isSameList(own, list) ? other : list;",
    to: "return other;",
    by: CHANGES,
  },
  "a holder goes on without a look at its lease": {
    file: DRIVER,
    from: "if (ended !== undefined) yield* this.#step",
    to: "if (ended === '') yield* this.#step",
    by: "votes",
  },
  "the voter of a daemon is not silent after its start": {
    file: VOTER,
    from: "silentUntil: readingAfter(now, LONGEST_TERM)",
    to: "silentUntil: now",
    by: "votes",
  },
};

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));
const COPIED = ["src", "test", "docs", "packaging", "systemd", "deno.json", "deno.lock"];

/** What notices it, and after how many node-hours, in words; undefined: nothing does. */
export async function noticed(mutant: SourceMutant, nodeHours: number) {
  const folder = await Deno.makeTempDir({ prefix: "floatip-mutant-" });
  try {
    await run("cp", ["-r", ...COPIED, "main.ts", "daemon.ts", folder], CHECKOUT);
    const path = `${folder}/${mutant.file}`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace(mutant.from, mutant.to));
    const args = mutant.by === "votes"
      ? ["run", "-A", "--no-check", "test/sim/first_failure.ts", String(nodeHours)]
      : ["test", "-A", "--no-check", mutant.by];
    const { ok, words } = await run(Deno.execPath(), args, folder);
    if (ok) return undefined;
    return mutant.by === "votes" ? words : `0 node-hours: ${mutant.by}`;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(program: string, args: string[], cwd: string) {
  const output = await new Deno.Command(program, { args, cwd }).output();
  return { ok: output.success, words: new TextDecoder().decode(output.stdout).trim() };
}
