/** Real-time scheduling: all threads of the daemon, none of its children, as /proc shows it. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { demand } from "../../support/lab/command.ts";
import { kernelTest } from "../../support/kernel/netns.ts";

const CHILD = fileURLToPath(new URL("../../support/kernel/real_time_child.ts", import.meta.url));
const SCRIPT = [Deno.execPath(), "run", "-A", "--no-check", CHILD];

const OTHER = { policy: "other", priority: 0 };

interface Told {
  readonly before: unknown;
  readonly answer: string;
  readonly afterwards: unknown;
  readonly threads: readonly string[];
  readonly children: readonly string[];
}

kernelTest(
  "all threads get the round robin class, later ones too, and children do not",
  async () => {
    const { before, answer, afterwards, threads, children } = await told("chrt", "--other", "0");
    assert.deepEqual([before, answer], [OTHER, "got"]);
    assert.deepEqual(afterwards, { policy: "rr", priority: 10 });
    assert.ok(threads.length > 1, "there are several threads");
    for (const thread of threads) {
      assert.deepEqual(scheduledAs(thread), {
        policy: 2,
        priority: 10,
      });
    }
    const own = statFields(await Deno.readTextFile("/proc/self/stat"));
    assert.equal(children.length, 2);
    for (const child of children) {
      assert.deepEqual(scheduledAs(child), { policy: 0, priority: 0 });
      assert.equal(statFields(child)[NICE], own[NICE]);
    }
  },
  "chrt",
  "setpriv",
);

kernelTest(
  "where it is not permitted, all is as it was, and the kernel's words come back",
  async () => {
    const without = [
      "prlimit",
      "--rtprio=0",
      "setpriv",
      "--bounding-set=-sys_nice",
      "--inh-caps=-all",
    ];
    const { before, answer, afterwards, threads } = await told("chrt", "--other", "0", ...without);
    assert.deepEqual([before, afterwards], [OTHER, OTHER]);
    assert.equal(answer, "sched_setscheduler EPERM");
    for (const thread of threads) assert.deepEqual(scheduledAs(thread), { policy: 0, priority: 0 });
  },
  "chrt",
  "setpriv",
  "prlimit",
);

kernelTest("what an administrator chose stays", async () => {
  const { before, answer, afterwards } = await told("chrt", "--fifo", "20");
  assert.deepEqual([before, answer, afterwards], [
    { policy: "fifo", priority: 20 },
    "got",
    { policy: "fifo", priority: 20 },
  ]);
  assert.deepEqual((await told("chrt", "--batch", "0")).before, { policy: "batch", priority: 0 });
  assert.deepEqual((await told("chrt", "--idle", "0")).before, { policy: "idle", priority: 0 });
}, "chrt");

async function told(...launcher: readonly string[]): Promise<Told> {
  return JSON.parse(await demand([...launcher, ...SCRIPT])) as Told;
}

/**
 * proc_pid_stat(5), counted from the first field after the command's name: nice, rt_priority,
 * policy.
 */
const NICE = 16, RT_PRIORITY = 37, POLICY = 38;

function scheduledAs(stat: string): { readonly policy: number; readonly priority: number } {
  const fields = statFields(stat);
  return { policy: Number(fields[POLICY]), priority: Number(fields[RT_PRIORITY]) };
}

function statFields(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
