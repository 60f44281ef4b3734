/** The process that has a socket: the one with its inode among its descriptors (proc(5)). */

/**
 * The process that has the socket `inode`; undefined where there is none, or this user may not see.
 * Rejects where there is no /proc.
 */
export async function holderOf(inode: string): Promise<number | undefined> {
  const link = `socket:[${inode}]`;
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
