/** Size on disk, start, memory, and the program with and without V8's compiler. */
import { build, defaultKind, type Kind } from "../../packaging/build.ts";
import { ownArch } from "../../packaging/runtime.ts";
import { run } from "../support/lab/command.ts";
import { Lan } from "../support/lab/lan.ts";
import { until } from "../support/until.ts";
import { measureUse, type Use } from "./use.ts";

/** One way to build and to run it. */
export interface Make {
  readonly kind: Kind;
  /** As the service runs it: V8 without its just-in-time compiler. */
  readonly jitless: boolean;
}

/** What was measured of one {@link Make}. */
export interface Weight {
  /** Of all files together. */
  readonly bytes: number;
  /** `floatip version`, from start to end, each time. */
  readonly startMs: readonly number[];
  /** A daemon with ten instances. */
  readonly daemon: Use;
}

/** Those that can be made here: compiling takes Deno's denort. */
export async function makes(): Promise<readonly Make[]> {
  const bundle = [{ kind: "bundle", jitless: false }, { kind: "bundle", jitless: true }] as const;
  const compiles = await defaultKind(ownArch()) === "compile";
  return compiles ? [...bundle, { kind: "compile", jitless: true }] : bundle;
}

/** Builds it in a folder of its own, and weighs it. */
export async function weigh(make: Make, runs: number, stretchMs: number): Promise<Weight> {
  const folder = await Deno.makeTempDir({ prefix: "floatip-weigh-" });
  try {
    await build(make.kind, folder);
    const env: Record<string, string> = make.jitless ? { FLOATIP_V8_FLAGS: "--jitless" } : {};
    return {
      bytes: await sizeOf(folder),
      startMs: await starts(`${folder}/floatip`, env, runs),
      daemon: await daemon(folder, env, stretchMs),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function starts(
  program: string,
  env: Readonly<Record<string, string>>,
  runs: number,
): Promise<readonly number[]> {
  const times: number[] = [];
  // The first one reads the program from disk.
  for (let i = 0; i <= runs; i++) {
    const start = performance.now();
    const { code } = await run([program, "version"], { env });
    if (code !== 0) throw new Error(`floatip version: exit ${code}`);
    times.push(performance.now() - start);
  }
  return times.slice(1);
}

async function daemon(
  folder: string,
  env: Readonly<Record<string, string>>,
  stretchMs: number,
): Promise<Use> {
  await using lan = await Lan.open({ hosts: ["a"] });
  const host = lan.host("a");
  const instances = Array.from(
    { length: 10 },
    (_, i) =>
      `[instance.i${i}]\nvrid = ${i + 1}\naddresses = ["10.77.0.${
        100 + i
      }/24"]\ninterface = "eth0"\n`,
  );
  await Deno.writeTextFile(`${folder}/floatip.toml`, instances.join("\n"));
  const flags = [
    "-c",
    `${folder}/floatip.toml`,
    "--run-dir",
    `${folder}/run`,
    "--state-dir",
    folder,
  ];
  const child = host.spawn([`${folder}/floatip`, "run", ...flags], { env, output: "ignore" });
  await until("the last address", () => host.holds("10.77.0.109"), 20_000);
  if (child.pid === undefined) throw new Error("the daemon did not start");
  return await measureUse(child.pid, stretchMs);
}

async function sizeOf(folder: string): Promise<number> {
  let sum = 0;
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    sum += isDirectory
      ? await sizeOf(`${folder}/${name}`)
      : (await Deno.stat(`${folder}/${name}`)).size;
  }
  return sum;
}
