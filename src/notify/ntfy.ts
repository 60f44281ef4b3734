/** What does a telephone show of a transition? A message to a topic of ntfy (docs.ntfy.sh/publish). */
import type { NtfySettings } from "../config/tables/notify.ts";
import type { TransitionRecord } from "../daemon/record.ts";
import { post } from "./post.ts";
import type { Sink } from "./sink.ts";

/** By state: ntfy's priority (1 to 5, 3 is usual) where it was planned and where not, and the emoji's short code. */
const LOOKS = {
  master: { planned: 3, unplanned: 4, tag: "white_check_mark" },
  backup: { planned: 2, unplanned: 3, tag: "arrows_counterclockwise" },
  fault: { planned: 4, unplanned: 5, tag: "rotating_light" },
  init: { planned: 2, unplanned: 4, tag: "stop_button" },
} as const satisfies Readonly<Record<TransitionRecord["to"], unknown>>;

/** Posts a message for each record. */
export function ntfySink(settings: NtfySettings, timeoutMs: number): Sink {
  const { url, token, retries } = settings;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    name: "ntfy",
    timeoutMs,
    retries,
    wants: () => true,
    deliver: (record, deadline) => {
      const { planned, unplanned, tag } = LOOKS[record.to];
      const headers = {
        title: encodeHeader(
          `${record.instance} (${record.family}) on ${record.node}: ${record.to}`,
        ),
        priority: `${record.planned ? planned : unplanned}`,
        tags: tag,
        ...authorization,
      };
      return post({ url, headers, body: new TextEncoder().encode(messageOf(record)) }, deadline);
    },
  };
}

/** "was backup; no advert from 192.168.1.11 for 3.61 s", and the addresses below. */
function messageOf({ from, cause, addresses }: TransitionRecord): string {
  return `was ${from}; ${cause}\n${addresses.join(", ")}`;
}

/** A header holds ASCII only; other text as an encoded word (RFC 2047, 2), which ntfy reads. */
export function encodeHeader(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return `=?UTF-8?B?${new TextEncoder().encode(text).toBase64()}?=`;
}
