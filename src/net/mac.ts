/** Ethernet addresses: six bytes. */
import type { Family } from "./ip.ts";

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

/** Reads "3e:c6:a7:7f:02:04"; undefined where it is not of that form. */
export function parseMac(text: string): Mac | undefined {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(":"), (part) => parseInt(part, 16));
}

/** The MAC of a virtual router, which some masters answer with (RFC 9568 7.3). */
export function virtualMac(family: Family, vrid: number): string {
  const kind = family === "ipv4" ? "01" : "02";
  return `00:00:5e:00:${kind}:${vrid.toString(16).padStart(2, "0")}`;
}
