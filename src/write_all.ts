/** Writing that ends when all is written. */

/** Writes `bytes` whole to a file or a connection. Rejects with Deno.errors.* as `to` does. */
export async function writeAll(
  to: { write(bytes: Uint8Array<ArrayBuffer>): Promise<number> },
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  for (let offset = 0; offset < bytes.length;) offset += await to.write(bytes.subarray(offset));
}
