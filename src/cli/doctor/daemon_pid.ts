/** The process behind a unix socket. */
import { holderOf } from "../socket_holder.ts";

/**
 * The process that listens at `path`; undefined where there is none, or this user may not see.
 * Never rejects.
 */
export async function pidBehind(path: string): Promise<number | undefined> {
  try {
    const inode = inodeOf(await Deno.readTextFile("/proc/net/unix"), path);
    return inode === undefined ? undefined : await holderOf(inode);
  } catch {
    return undefined;
  }
}

/** The inode of the listening socket called `path` in the text of /proc/net/unix. */
export function inodeOf(table: string, path: string): string | undefined {
  for (const line of table.split("\n")) {
    const [, , , flags, , , inode, name] = line.trim().split(/\s+/);
    // SO_ACCEPTCON; connections that it accepted carry its name too.
    if (name === path && (parseInt(flags ?? "0", 16) & 0x10000) !== 0) return inode;
  }
  return undefined;
}
