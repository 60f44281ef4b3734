/** Ethernet addresses: six bytes. */

/** An Ethernet address: 6 bytes. */
export type Mac = Uint8Array;

/** ff:ff:ff:ff:ff:ff. */
export const BROADCAST_MAC: Mac = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

/** "3e:c6:a7:7f:02:04". */
export function formatMac(mac: Mac): string {
  let text = "";
  for (let i = 0; i < mac.length; i++) text += `${i === 0 ? "" : ":"}${HEX[mac[i] ?? 0]}`;
  return text;
}

/** "00" to "ff". */
const HEX: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => byte.toString(16).padStart(2, "0"),
);

/** Are they the same six bytes? */
export function sameMac(a: Mac, b: Mac): boolean {
  if (a.length !== b.length) return false;
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}

/** Reads "3e:c6:a7:7f:02:04"; undefined where it is not of that form. */
export function parseMac(text: string): Mac | undefined {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(":"), (part) => parseInt(part, 16));
}
