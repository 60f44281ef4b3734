/**
 * Names that completion proposes: of the configuration file, also of a wrong one, and of this
 * machine.
 */
import type { Context } from "./lazy.ts";

/** What proposals rest on; set only where completions are asked for. */
type Asked = Pick<Context, "process" | "namesIn">;

/** The instances of the file that begin with `partial`. */
export function proposeInstances(this: Asked, partial: string): Promise<readonly string[]> {
  return beginning(partial, "instance", this);
}

/** The nodes of the file that begin with `partial`. */
export function proposeNodes(this: Asked, partial: string): Promise<readonly string[]> {
  return beginning(partial, "nodes", this);
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

async function beginning(
  partial: string,
  table: "instance" | "nodes",
  { namesIn }: Asked,
): Promise<readonly string[]> {
  const names = await namesIn?.(table) ?? [];
  return names.filter((name) => name.startsWith(partial));
}
