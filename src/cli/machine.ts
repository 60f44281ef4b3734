/**
 * This machine as commands other than `run` see it: its network now, and the frames on the wire.
 */
import type { Machine } from "../config/plan/plan_node.ts";
import { HostError } from "../host.ts";
import type { Capture, CapturedFrame } from "../linux/capture.ts";
import { capabilityHint } from "../capabilities.ts";
import { EXIT, Failure } from "./exit.ts";

/** The host name, links and addresses now. Throws HostError. */
export async function look(): Promise<Machine> {
  const { LinuxHost } = await import("../linux/linux_host.ts");
  using host = new LinuxHost();
  return {
    hostName: host.hostName(),
    interfaces: host.interfaces(),
    gateways: host.gateways(),
  };
}

/**
 * Listens on the interface called `interfaceName`, or on all: frames that may be VRRP, those of UDP
 * to `ports` and own ones included, until `signal` is aborted. Throws Failure where there is no
 * such interface, or this user may not listen.
 */
export async function capture(
  interfaceName: string | undefined,
  ports: readonly number[],
  signal: AbortSignal,
): Promise<AsyncIterable<CapturedFrame>> {
  const { openCapture } = await import("../linux/capture.ts");
  return framesOf(await opened(() => openCapture(interfaceName, { ports }), interfaceName), signal);
}

async function* framesOf(frames: Capture, signal: AbortSignal): AsyncGenerator<CapturedFrame> {
  using open = frames;
  const close = (): void => open[Symbol.dispose]();
  signal.addEventListener("abort", close, { once: true });
  try {
    while (!signal.aborted) yield* await open.read();
  } finally {
    signal.removeEventListener("abort", close);
  }
}

async function opened<T>(open: () => T, interfaceName: string | undefined): Promise<T> {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    if (error.code === "EPERM") {
      const hint = capabilityHint(["CAP_NET_RAW"], "listen");
      throw new Failure(EXIT.notPermitted, "this user may not listen to the LAN", hint);
    }
    if (error.code !== "ENODEV") throw error;
    const { links } = (await look()).interfaces;
    const names = links.map(({ name }) => name).join(", ");
    throw new Failure(
      EXIT.failed,
      `there is no interface ${interfaceName}`,
      `There are: ${names}.`,
    );
  }
}
