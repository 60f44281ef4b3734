/**
 * A measured pair: master "a" and backup "b" of one program, on the same LAN with the same client.
 */
import { setTimeout as pause } from "node:timers/promises";
import { Floatip, type LaunchOptions } from "../support/interop/floatip.ts";
import type { Keepalived } from "../support/interop/keepalived.ts";
import { kill } from "../support/lab/command.ts";
import type { NodeName, Scene } from "../support/moves/scene.ts";
import type { Program } from "./takeover.ts";

/** A running one of either program. */
export type Running = Floatip | Keepalived;

/** How a pair runs. */
export interface DuoSettings {
  readonly program: Program;
  readonly intervalMs: number;
}

/** The two of them; whoever is started again takes the place of the one before. */
export class Duo implements AsyncDisposable {
  private constructor(
    readonly scene: Scene,
    readonly settings: DuoSettings,
    public a: Running,
    public b: Running,
  ) {}

  /** Resolves when both are at rest: "a" is master. */
  static async open(scene: Scene, settings: DuoSettings): Promise<Duo> {
    const a = await start(scene, "a", settings);
    await untilMaster(a);
    const b = await start(scene, "b", settings);
    const duo = new Duo(scene, settings, a, b);
    await duo.untilRest();
    return duo;
  }

  /** A new process in the place of the master that has ended. */
  async again(): Promise<void> {
    this.a = this.scene.stack.use(await this.a.again());
  }

  /** Resolves when "a" is master and "b" has followed for some intervals. */
  async untilRest(): Promise<void> {
    await untilMaster(this.a);
    if (this.b instanceof Floatip) await this.scene.untilFollowing(this.b, "a");
    else await this.b.untilState("BACKUP");
    await pause(Math.max(300, 3 * this.settings.intervalMs));
  }

  /** Sends a signal to every process of the master. */
  signal(name: NodeJS.Signals): void {
    for (const pid of pidsOf(this.a)) kill(pid, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [this.a, this.b]) await one.crash().catch(() => {});
    // What keepalived leaves behind is not to be in the way of the next.
    for (const name of ["a", "b"] as const) await clear(this.scene, name);
  }
}

/** Starts one on `node`; it ends with the scene. */
export async function start(
  scene: Scene,
  node: NodeName,
  { program, intervalMs }: DuoSettings,
  options: LaunchOptions = {},
): Promise<Running> {
  if (program === "keepalived") return await scene.keepalived(node, { intervalMs });
  return await scene.floatip(node, { intervalMs }, options);
}

/** The processes of one. */
export function pidsOf(one: Running): readonly number[] {
  return one instanceof Floatip ? [one.child.pid ?? 0] : one.pids;
}

/** Resolves when it says that it is master. */
export function untilMaster(one: Running): Promise<void> {
  return one instanceof Floatip ? one.untilState("master") : one.untilState("MASTER");
}

async function clear(scene: Scene, node: NodeName): Promise<void> {
  const host = scene.host(node);
  for (const line of await host.addresses(host.interface)) {
    if (line.family !== "inet" || line.address === host.address) continue;
    await host.ip("addr", "del", `${line.address}/${line.prefixLength}`, "dev", line.interface);
  }
}
