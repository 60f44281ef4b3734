/**
 * The beginning of a file whose length somebody else decides: a process's command line, its
 * environment, what a user names.
 */

/** The first `most` bytes of the file at `path`, or all of it. Rejects with Deno.errors.*. */
export async function readBeginning(path: string, most: number): Promise<Uint8Array> {
  using file = await Deno.open(path);
  return await readStart(file, most);
}

/** The next `most` bytes of `file`, or all that are left. Rejects with Deno.errors.*. */
export async function readStart(file: Deno.FsFile, most: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(most);
  let size = 0;
  while (size < most) {
    const more = await file.read(bytes.subarray(size));
    if (more === null) break;
    size += more;
  }
  return bytes.subarray(0, size);
}

/** As {@link readStart}. Throws Deno.errors.*. */
export function readStartSync(file: Deno.FsFile, most: number): Uint8Array {
  const bytes = new Uint8Array(most);
  let size = 0;
  while (size < most) {
    const more = file.readSync(bytes.subarray(size));
    if (more === null) break;
    size += more;
  }
  return bytes.subarray(0, size);
}
