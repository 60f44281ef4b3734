/** An emulated machine on the LAN, which reports its progress on its console. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import type { Lan } from "../support/lab/lan.ts";
import { demand, withPlainKill } from "../support/lab/command.ts";
import { until } from "../support/until.ts";
import type { Image, Kernel } from "./image.ts";

/** A running arm64 machine on a Lan. Disposing of it is a power cut. */
export class ArmMachine implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #running = true;
  /** All that it has said on its console. */
  console = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("close", resolve));
    void this.#ended.then(() => this.#running = false);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on(
        "data",
        (text: string) => this.console += text.replaceAll("\r", ""),
      );
    }
  }

  /** Boots `image` with a cable to the Lan's bridge. */
  static async boot(lan: Lan, kernel: Kernel, image: Image): Promise<ArmMachine> {
    const inLan = ["ip", "-n", lan.bridgeNamespace];
    await demand([...inLan, "tuntap", "add", "vm0", "mode", "tap"]);
    await demand([...inLan, "link", "set", "vm0", "master", "br0", "up"]);
    const args = [
      ...["-M", "virt,gic-version=2", "-cpu", kernel.cpu, "-accel", "tcg,thread=multi"],
      ...["-smp", "1", "-m", "768", "-nodefaults", "-display", "none", "-no-reboot"],
      ...["-serial", "stdio", "-kernel", image.kernel, "-initrd", image.initrd],
      ...["-append", "console=ttyAMA0 rw net.ifnames=0 mitigations=off quiet"],
      // Nothing is booted from the network: no ROM for it. By PCI: in virtio-mmio the order of
      // disks is another one.
      ...["-drive", `file=${image.disk},if=none,id=disk,format=raw,cache=unsafe`],
      ...["-device", "virtio-blk-pci,drive=disk", "-device", "virtio-rng-pci"],
      ...["-netdev", "tap,id=lan,ifname=vm0,script=no,downscript=no"],
      ...["-device", "virtio-net-pci,netdev=lan,romfile=,mac=52:54:00:aa:00:01"],
    ];
    const argv = ["netns", "exec", lan.bridgeNamespace, "qemu-system-aarch64", ...args];
    return new ArmMachine(withPlainKill(spawn("ip", argv, { stdio: ["ignore", "pipe", "pipe"] })));
  }

  /** What stands behind `word` in a line "TRIAL word ..." of the console; waits for it. */
  async said(word: string, limitMs = 600_000): Promise<string> {
    const pattern = new RegExp(`^TRIAL ${word} ?(.*)$`, "m");
    const end = "";
    const found = await until(
      `the machine to say ${word}`,
      () => {
        const said = pattern.exec(this.console)?.[1];
        return said ?? (this.#running ? undefined : end);
      },
      limitMs,
      100,
    );
    if (found === end) throw new Error(`the machine ended before it said ${word}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
