/** Does a Raspberry Pi get enough power, and is it cool enough? A Pi that is throttled stalls, and stalls look like failures. */
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, problem, warning } from "../finding.ts";
import type { Environment } from "../environment.ts";

/** power */
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

/** Alarms of the kernel's under-voltage sensor (hwmon: rpi_volt), "0" or "1"; empty where there is none. */
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

/** By the firmware's flags (undefined: no Raspberry Pi, or it does not tell) and the kernel's alarms. */
export function judgePower(
  flags: number | undefined,
  alarms: readonly string[],
): readonly Finding[] {
  if (flags === undefined && alarms.length === 0) {
    return [ok("no Raspberry Pi firmware that would tell of throttling")];
  }
  const now = BITS.filter(([bit]) => ((flags ?? 0) & bit) !== 0).map(([, words]) => words);
  if (alarms.includes("1") && !now.includes("too little voltage")) now.push("too little voltage");
  const why =
    "The processor stalls for moments, SD card and Ethernet with it: backups take over for nothing.";
  if (now.length > 0) return [problem(`this Pi has ${now.join(", ")} right now`, why, FIX)];
  const before = BITS.filter(([bit]) => ((flags ?? 0) & bit << 16) !== 0).map(([, words]) => words);
  if (before.length === 0) return [ok("power and temperature are well")];
  return [warning(`this Pi had ${before.join(", ")} since it was started`, why, FIX)];
}
