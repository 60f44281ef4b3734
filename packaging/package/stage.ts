/** Writes a table of files as a tree on disk that is the same every time. */
import type { Entry } from "./tree.ts";

/**
 * Lays `entries` out below `root`, with permissions as they say and every time set to `epoch`
 * (seconds since 1970).
 */
export async function stage(root: string, entries: readonly Entry[], epoch: number): Promise<void> {
  for (const entry of entries) await place(root, entry);
  await setTimes(root, epoch);
}

/** Where `entry` stands in the package. */
export function placeOf(entry: Entry): string {
  return entry.gzip ? `${entry.path}.gz` : entry.path;
}

async function place(root: string, entry: Entry): Promise<void> {
  const target = `${root}${placeOf(entry)}`;
  await makeFolders(root, target.slice(0, target.lastIndexOf("/")));
  const { content } = entry;
  if (content.kind === "link") return await Deno.symlink(content.to, target);
  if (content.kind === "file" && !entry.gzip) await linkOrCopy(content.from, target);
  else await Deno.writeFile(target, await bytesOf(entry));
  await Deno.chmod(target, entry.mode ?? 0o644);
}

async function bytesOf({ content, gzip }: Entry): Promise<Uint8Array> {
  const bytes = content.kind === "file"
    ? await Deno.readFile(content.from)
    : new TextEncoder().encode(content.kind === "text" ? content.text : "");
  if (!gzip) return bytes;
  // Debian's way: no name, no time, as small as it goes.
  const child = new Deno.Command("gzip", {
    args: ["-9n"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const [output] = await Promise.all([
    child.output(),
    writer.write(bytes).then(() => writer.close()),
  ]);
  if (!output.success) throw new Error("gzip failed");
  return output.stdout;
}

/** Never a hard link: permissions and times of the original are not ours to change. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await Deno.copyFile(from, to);
}

/** Modes by chmod: the caller's umask shall not show. */
async function makeFolders(root: string, folder: string): Promise<void> {
  if (folder.length < root.length) return;
  await makeFolders(root, folder.slice(0, folder.lastIndexOf("/")));
  await Deno.mkdir(folder).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  });
  await Deno.chmod(folder, 0o755);
}

async function setTimes(path: string, epoch: number): Promise<void> {
  const { isDirectory, isSymlink } = await Deno.lstat(path);
  if (isDirectory) {
    for await (const { name } of Deno.readDir(path)) await setTimes(`${path}/${name}`, epoch);
  }
  // The time of a link itself goes into the archive, but Deno has no call for it: dpkg-deb and rpm
  // clamp it.
  if (!isSymlink) await Deno.utime(path, epoch, epoch);
}
