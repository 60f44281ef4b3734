/** Checks of the machine: timers, clock, power, page size and storage. */
import { formatDuration, type Nanoseconds } from "../../../time.ts";
import { type DoctorCheck, type Finding, ok, problem, unknown, warning } from "../check.ts";
import type { DaemonSeen, Environment, Runtime } from "../environment.ts";
import type { DoctorTarget } from "../target.ts";

/** Timers of 10 ms, for a second, beside all that runs here. */
export const timers: DoctorCheck = {
  name: "timers",
  needs: "nothing",
  async run(target, environment) {
    const [lateness, daemon] = await Promise.all([environment.lateness(), environment.daemon()]);
    return judgeTimers(lateness, shortestInterval(target), daemon);
  },
};

function shortestInterval({ plan }: DoctorTarget): Nanoseconds | undefined {
  const intervals = (plan?.node.plans ?? []).map(({ rules }) => rules.advertInterval);
  return intervals.length === 0 ? undefined : Math.min(...intervals) as Nanoseconds;
}

/** sched(7), as status says it. */
const REAL_TIME = ["rr", "fifo"];

/**
 * `lateness`: sorted, of a process with ordinary scheduling. `interval`: the shortest
 * between adverts. A daemon with real-time scheduling is woken before ordinary processes.
 */
export function judgeTimers(
  lateness: readonly Nanoseconds[],
  interval: Nanoseconds | undefined,
  daemon: DaemonSeen,
): readonly Finding[] {
  const worst = lateness.at(-1) ?? 0 as Nanoseconds;
  const middle = lateness[Math.floor(lateness.length / 2)] ?? worst;
  const what = `timers are ${formatDuration(middle)} late, ${formatDuration(worst)} at worst`;
  // Daemons of older versions do not report it.
  const scheduling = daemon.kind === "running" ? daemon.status.scheduling : undefined;
  const first = REAL_TIME.includes(scheduling?.policy ?? "");
  if (first) return [ok(`${what}; the daemon has real-time scheduling (${scheduling?.policy})`)];
  if (interval === undefined || worst < interval / 4) {
    return [ok(daemon.kind === "running" ? `${what}; the daemon has ordinary scheduling` : what)];
  }
  const why = `Adverts are due every ${formatDuration(interval)}: when three are late, backups ` +
    "take the address from a master that is only slow.";
  const fix = "systemctl edit floatip   # CPUSchedulingPolicy=rr; or a longer advert_interval";
  return [worst < interval ? warning(what, why, fix) : problem(what, why, fix)];
}

/** Whether NTP sets the clock. */
export const clock: DoctorCheck = {
  name: "clock",
  needs: "nothing",
  async run(_, environment) {
    const properties = ["-p", "CanNTP", "-p", "NTP", "-p", "NTPSynchronized"];
    const asked = await environment.ask(["timedatectl", "show", ...properties]);
    return judgeClock(environment.year, asked?.code === 0 ? asked.stdout : undefined);
  },
};

/** A Raspberry Pi without a clock starts in 1970, or when its system image was built. */
const EARLIEST_YEAR = 2025;

const WHY = "History and logs of the nodes cannot be compared. Elections do not use the clock.";

/** `shown`: the output of `timedatectl show`; undefined: none. */
export function judgeClock(year: number, shown: string | undefined): readonly Finding[] {
  if (year < EARLIEST_YEAR) {
    return [warning(
      `the clock says that it is ${year}`,
      "History and logs of the nodes cannot be compared, and certificates are not valid yet.",
      "timedatectl set-ntp true",
    )];
  }
  const synchronized = /^NTPSynchronized=(yes|no)$/m.exec(shown ?? "")?.[1];
  if (synchronized === undefined) return [unknown("it is not known whether NTP sets the clock")];
  if (synchronized === "yes") return [ok("NTP sets the clock")];
  if (/^CanNTP=no$/m.test(shown ?? "")) {
    const fix = "apt install systemd-timesyncd   # or chrony";
    return [warning("the clock is not set by NTP, and no NTP client is installed", WHY, fix)];
  }
  const on = /^NTP=yes$/m.test(shown ?? "");
  return [warning(
    on ? "NTP is on, but has not set the clock yet" : "the clock is not set by NTP",
    WHY,
    on ? "timedatectl timesync-status" : "timedatectl set-ntp true",
  )];
}

/** Power supply and temperature of a Raspberry Pi. */
export const power: DoctorCheck = {
  name: "power",
  needs: "nothing",
  async run(_, environment) {
    const [flags, alarms] = await Promise.all([
      throttledFlags(environment),
      voltageAlarms(environment),
    ]);
    return judgePower(flags, alarms);
  },
};

const FIRMWARE = "/sys/devices/platform/soc/soc:firmware/get_throttled";

async function throttledFlags(environment: Environment): Promise<number | undefined> {
  const asked = await environment.ask(["vcgencmd", "get_throttled"]);
  const said = /^throttled=0x([0-9a-f]+)/im.exec(asked?.stdout ?? "")?.[1];
  const text = said ?? (await environment.read(FIRMWARE))?.trim().replace(/^0x/i, "");
  return text !== undefined && /^[0-9a-f]+$/i.test(text) ? parseInt(text, 16) : undefined;
}

/** Alarms of the under-voltage sensor (hwmon: rpi_volt), "0" or "1"; empty: no sensor. */
async function voltageAlarms(environment: Environment): Promise<readonly string[]> {
  const folders = (await environment.list("/sys/class/hwmon")).map((name) =>
    `/sys/class/hwmon/${name}`
  );
  const found = await Promise.all(folders.map(async (folder) => {
    const name = (await environment.read(`${folder}/name`))?.trim();
    return name === "rpi_volt" ? await environment.read(`${folder}/in0_lcrit_alarm`) : undefined;
  }));
  return found.flatMap((text) => text === undefined ? [] : [text.trim()]);
}

/** Bits of get_throttled, now and (16 higher) since the last boot. */
const BITS: readonly (readonly [number, string])[] = [
  [0x1, "too little voltage"],
  [0x2, "a lowered frequency"],
  [0x4, "throttling"],
  [0x8, "too much heat"],
];

const FIX = "use the official power supply and a short cable; look at cooling";

/** `flags`: of the firmware; undefined: not known. `alarms`: of the kernel. */
export function judgePower(
  flags: number | undefined,
  alarms: readonly string[],
): readonly Finding[] {
  if (flags === undefined && alarms.length === 0) {
    return [ok("no Raspberry Pi firmware that reports throttling")];
  }
  const now = BITS.filter(([bit]) => ((flags ?? 0) & bit) !== 0).map(([, name]) => name);
  if (alarms.includes("1") && !now.includes("too little voltage")) now.push("too little voltage");
  const why = "Processor, SD card and Ethernet stall for moments: backups take over without need.";
  if (now.length > 0) return [problem(`this Pi has ${now.join(", ")} right now`, why, FIX)];
  const before = BITS.filter(([bit]) => ((flags ?? 0) & bit << 16) !== 0).map(([, name]) => name);
  if (before.length === 0) return [ok("power and temperature are fine")];
  return [warning(`this Pi had ${before.join(", ")} since it was started`, why, FIX)];
}

/** Large pages, on which a compiled program may crash. */
export const pages: DoctorCheck = {
  name: "page size",
  needs: "nothing",
  async run(_, environment) {
    const asked = await environment.ask(["getconf", "PAGESIZE"]);
    return judgePages(Number(asked?.stdout ?? NaN), environment.runtime);
  },
};

/** `size` in bytes; NaN: not known. */
export function judgePages(size: number, { arch, standalone }: Runtime): readonly Finding[] {
  if (!Number.isInteger(size) || size < 4096) return [unknown("the page size is not known")];
  const what = `${size / 1024} KiB pages (${arch})`;
  if (arch !== "aarch64" || size <= 4096 || !standalone) return [ok(what)];
  return [warning(
    `${what}, and this floatip is one compiled file`,
    "Compiled programs crashed on these kernels (Raspberry Pi 5). The arm64 package does not.",
    "apt install ./floatip_*_arm64.deb   # or kernel=kernel8.img in /boot/firmware/config.txt",
  )];
}

/** Whether the history can be written. */
export const storage: DoctorCheck = {
  name: "storage",
  needs: "nothing",
  async run({ stateDir }, environment) {
    const [refusal, disk] = await Promise.all([
      environment.tryWriting(stateDir),
      environment.ask(["df", "-Pk", stateDir]),
    ]);
    const free = disk?.code === 0 ? freeIn(disk.stdout) : undefined;
    return judgeStorage(stateDir, refusal, free, environment.root);
  },
};

/** Free kilobytes by `df -Pk` (POSIX): the fourth column. */
function freeIn(text: string): number | undefined {
  const free = Number(text.trim().split("\n").at(-1)?.split(/\s+/).at(3));
  return Number.isFinite(free) ? free : undefined;
}

/** The history takes 1 MiB; logs and packages fill the rest quickly. */
const LITTLE_KB = 64 * 1024;

/** `refusal`: why nothing could be written; `free`: kilobytes. */
export function judgeStorage(
  stateDir: string,
  refusal: string | undefined,
  free: number | undefined,
  root: boolean,
): readonly Finding[] {
  const left = free === undefined ? "" : `, ${Math.round(free / 1024)} MiB are free`;
  if (refusal !== undefined && !root) {
    return [unknown(`this user may not write to ${stateDir}${left}`, "sudo floatip doctor")];
  }
  if (refusal !== undefined) {
    return [problem(
      `${stateDir} cannot be written: ${refusal}`,
      "The history is not written: floatip events stays empty. Addresses still move.",
      free === 0 ? `df -h ${stateDir}   # and make room` : `findmnt -T ${stateDir}`,
    )];
  }
  if (free !== undefined && free < LITTLE_KB) {
    return [warning(
      `little room is left for ${stateDir}: ${Math.round(free / 1024)} MiB`,
      "When it is full, the history is not written.",
      `df -h ${stateDir}   # and make room`,
    )];
  }
  return [ok(`${stateDir} can be written${left}`)];
}
