/**
 * Names that completion proposes: of the configuration file, also of a wrong one, and of this
 * machine.
 */
import type { CommandContext } from "@stricli/core";

/** What proposals rest on; set only where completions are asked for. */
interface Asked extends CommandContext {
  readonly configFile?: string | undefined;
}

/** The instances of the file that begin with `partial`. */
export function proposeInstances(this: Asked, partial: string): Promise<readonly string[]> {
  return namesIn(this.configFile, "instance", partial);
}

/** The nodes of the file that begin with `partial`. */
export function proposeNodes(this: Asked, partial: string): Promise<readonly string[]> {
  return namesIn(this.configFile, "nodes", partial);
}

/** The interfaces of this machine that begin with `partial`. */
export function proposeInterfaces(this: Asked, partial: string): readonly string[] {
  try {
    const names = [...Deno.readDirSync("/sys/class/net")].map(({ name }) => name).toSorted();
    return names.filter((name) => name.startsWith(partial));
  } catch {
    return [];
  }
}

async function namesIn(
  file: string | undefined,
  table: "instance" | "nodes",
  partial: string,
): Promise<readonly string[]> {
  if (file === undefined) return [];
  const { parseToml } = await import("../config/syntax.ts");
  const parsed = parseToml(await Deno.readTextFile(file).catch(() => ""));
  const written: unknown = parsed.kind === "problem" ? undefined : parsed.root[table];
  if (typeof written !== "object" || written === null) return [];
  return Object.keys(written).filter((name) => name.startsWith(partial));
}
