/** Ethernet addresses: six bytes. */

/** An Ethernet address: 6 bytes. */
export type Mac = Uint8Array;

/** ff:ff:ff:ff:ff:ff. */
export const BROADCAST_MAC: Mac = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

/** "3e:c6:a7:7f:02:04". */
export function formatMac(mac: Mac): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** Are they the same six bytes? */
export function sameMac(a: Mac, b: Mac): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Reads "3e:c6:a7:7f:02:04"; undefined where it is not of that form. */
export function parseMac(text: string): Mac | undefined {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(":"), (part) => parseInt(part, 16));
}
