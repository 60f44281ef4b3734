/** The process behind a unix socket: the one with its inode among its descriptors (proc(5)). */

/**
 * The process that listens at `path`; undefined where there is none, or this user may not see.
 * Never rejects.
 */
export async function pidBehind(path: string): Promise<number | undefined> {
  try {
    const inode = inodeOf(await Deno.readTextFile("/proc/net/unix"), path);
    return inode === undefined ? undefined : await holderOf(`socket:[${inode}]`);
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

async function holderOf(link: string): Promise<number | undefined> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (/^\d+$/.test(name) && await holds(name, link)) return Number(name);
  }
  return undefined;
}

async function holds(pid: string, link: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const target = await Deno.readLink(`${folder}/${name}`).catch(() => "");
      if (target === link) return true;
    }
  } catch {
    // It ended just now, or is another user's.
  }
  return false;
}
