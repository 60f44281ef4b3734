/** Is the port of [cluster] free for the daemon? */
import type { Config } from "../../config/config.ts";
import { machine, type Problem } from "../../config/problem.ts";
import { holderOf } from "../socket_holder.ts";

/** A port that another program than floatip has, as far as this user may see. Never rejects. */
export async function clusterPortProblems({ cluster }: Config): Promise<readonly Problem[]> {
  if (cluster === undefined) return [];
  const { port } = cluster;
  const tables = await Promise.all(["udp", "udp6"].map(textOf));
  const inodes = tables.flatMap((table) => inodesOf(table, port));
  const holders = await Promise.all(inodes.map(nameOfHolder));
  const other = holders.find((name) => name !== undefined && name !== "floatip");
  return other === undefined ? [] : [machine(
    ["cluster", "port"],
    `another program has UDP port ${port}: ${other}`,
    "floatip cannot use it as long as that runs: nodes do not learn each other's state.",
    `end that program, or write another port on all nodes`,
  )];
}

function textOf(table: string): Promise<string> {
  return Deno.readTextFile(`/proc/net/${table}`).catch(() => "");
}

/** The inodes of sockets bound to `port` in the text of /proc/net/udp or udp6 (proc(5)). */
export function inodesOf(table: string, port: number): readonly string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").flatMap((line) => {
    const [, local = "", , , , , , , , inode] = line.trim().split(/\s+/);
    return local.endsWith(`:${hex}`) && inode !== undefined ? [inode] : [];
  });
}

/** Undefined: none, or not to be seen by this user. */
async function nameOfHolder(inode: string): Promise<string | undefined> {
  try {
    const pid = await holderOf(inode);
    return pid === undefined ? undefined : (await Deno.readTextFile(`/proc/${pid}/comm`)).trim();
  } catch {
    return undefined;
  }
}
