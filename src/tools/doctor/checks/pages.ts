/** How large are the kernel's pages? Programs made by `deno compile` were seen to crash where they have 16 KiB. */
import type { DoctorCheck } from "../check.ts";
import { type Finding, ok, unknown, warning } from "../finding.ts";
import type { Runtime } from "../environment.ts";

/** page size */
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
    "Such programs were seen to crash on these kernels (Raspberry Pi 5); the package for arm64 does not.",
    "apt install ./floatip_*_arm64.deb   # or kernel=kernel8.img in /boot/firmware/config.txt",
  )];
}
