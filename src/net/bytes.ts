/** Bytes, compared. */

/** Are both the same bytes, or both missing? What is compared is no secret. */
export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.length !== b.length) return false;
  // From the end: Ethernet addresses of one maker differ there.
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
