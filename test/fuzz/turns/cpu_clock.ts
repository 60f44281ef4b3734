/** The processor's time of this thread: what others on a busy machine take does not count. */

const LIBRARY = "libc.so.6";

/** clock_gettime(2): CLOCK_THREAD_CPUTIME_ID. */
const THREAD_CPU_TIME = 3;

const { symbols } = Deno.dlopen(LIBRARY, {
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
});

const time = new BigInt64Array(2);

/** In milliseconds since the thread began. */
export function cpuTime(): number {
  symbols.clock_gettime(THREAD_CPU_TIME, time);
  return Number(time[0] ?? 0n) * 1000 + Number(time[1] ?? 0n) / 1e6;
}
