/** Part of filters: packets from known sources alone. */
import type { Ip } from "../net/ip.ts";
import { IP_HEADER_AT, type Program } from "./packet_filter.ts";

/** Where the source stands in an IP header (RFC 791 3.1, RFC 8200 3). */
const SOURCE_AT = { ipv4: 12, ipv6: 8 } as const;

/** The label that {@link fromSources} begins with. */
export const FIRST_SOURCE = sourceLabel(0);

/** Accepts what comes from one of `known`, all of one family, and drops the rest. */
export function fromSources(known: readonly Ip[]): Program {
  return [...known.flatMap(sourceSteps), [sourceLabel(known.length), { op: "drop" }]];
}

/** As many words as it has, all equal; one that is not leads to the next. */
function sourceSteps({ family, bytes }: Ip, number: number): readonly Program[number][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = Array.from({ length: bytes.length / 4 }, (_, i) => i * 4);
  const compared = words.flatMap((offset): readonly Program[number][] => {
    const label = offset === 0 ? sourceLabel(number) : `${number} word ${offset}`;
    const to = view.getUint32(offset);
    return [
      [label, { op: "load32", at: IP_HEADER_AT + SOURCE_AT[family] + offset }],
      [`${label}?`, { op: "equal", to, then: "next", else: sourceLabel(number + 1) }],
    ];
  });
  return [...compared, [`${number} known`, { op: "accept" }]];
}

function sourceLabel(number: number): string {
  return `source ${number}`;
}
