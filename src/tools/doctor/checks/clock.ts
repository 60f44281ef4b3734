/** Is the calendar right? Elections do not need it; logs, history and certificates do. */
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, unknown, warning } from "../finding.ts";

/** clock */
export const clock: DoctorCheck = {
  name: "clock",
  needs: "nothing",
  async run(_, environment) {
    const properties = ["-p", "CanNTP", "-p", "NTP", "-p", "NTPSynchronized"];
    const asked = await environment.ask(["timedatectl", "show", ...properties]);
    return judgeClock(environment.year, asked?.code === 0 ? asked.stdout : undefined);
  },
};

/** A Raspberry Pi without a clock of its own begins in 1970, or when its system was made. */
const EARLIEST_YEAR = 2025;

const WHY = "History and logs of the nodes cannot be compared; the election does not mind.";

/** By the year that it says, and the answer of `timedatectl show`. */
export function judgeClock(year: number, shown: string | undefined): readonly Finding[] {
  if (year < EARLIEST_YEAR) {
    return [warning(
      `the clock says that it is ${year}`,
      "History and logs of the nodes cannot be compared, and certificates count as not valid yet.",
      "timedatectl set-ntp true",
    )];
  }
  const synchronized = /^NTPSynchronized=(yes|no)$/m.exec(shown ?? "")?.[1];
  if (synchronized === undefined) return [unknown("nobody says whether the clock is set by NTP")];
  if (synchronized === "yes") return [ok("the clock is set by NTP")];
  if (/^CanNTP=no$/m.test(shown ?? "")) {
    const fix = "apt install systemd-timesyncd   # or chrony";
    return [warning("the clock is not set by NTP, and nothing here could set it", WHY, fix)];
  }
  const on = /^NTP=yes$/m.test(shown ?? "");
  return [warning(
    on ? "the clock is to be set by NTP, and is not yet" : "the clock is not set by NTP",
    WHY,
    on ? "timedatectl timesync-status" : "timedatectl set-ntp true",
  )];
}
