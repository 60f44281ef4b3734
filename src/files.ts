/** Files and connections: the beginning of what may be long, and bytes that are written whole. */

/** The first `most` bytes of the file at `path`, or all of it. Rejects with Deno.errors.*. */
export async function readBeginning(path: string, most: number): Promise<Uint8Array> {
  using file = await Deno.open(path);
  return await readStart(file, most);
}

/** The next `most` bytes of `file`, or all that are left. Rejects with Deno.errors.*. */
export async function readStart(file: Deno.FsFile, most: number): Promise<Uint8Array<ArrayBuffer>> {
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

/** Writes `bytes` whole to a file or a connection. Rejects with Deno.errors.* as `to` does. */
export async function writeAll(
  to: { write(bytes: Uint8Array<ArrayBuffer>): Promise<number> },
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  for (let offset = 0; offset < bytes.length;) offset += await to.write(bytes.subarray(offset));
}
