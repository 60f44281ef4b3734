/** The outcome of a probe, and errors as short texts. */
import { messageOf } from "../../error.ts";

/** The outcome of a probe. {@link ProbeResult} adds the latency. */
export interface ProbeOutcome {
  readonly ok: boolean;
  /** One short line: "200", "connection refused". No secrets, so never a URL. */
  readonly text: string;
  /** The integer of a file probe with want "value". */
  readonly value?: number;
  /** The process that a process probe found. */
  readonly pid?: number;
}

/** Most of a text that is shown, in characters. */
const LONGEST = 120;

/** Most of it that is examined. */
const MOST = 4096;

/**
 * The first line of `text` that is not empty, without control characters and logins in URLs,
 * shortened.
 */
export function firstLine(text: string): string {
  const lines = text.split("\n").map((line) =>
    line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim()
  );
  const said = lines.find((one) => one !== "") ?? "";
  const line = said.slice(0, MOST).replaceAll(/\/\/[^/?#\s"']*@/g, "//********@");
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}

/** An error of Deno as a short text. */
export function errorText(error: unknown): string {
  const message = messageWithCause(error);
  return KNOWN_ERRORS.find(([pattern]) => pattern.test(message))?.[1] ?? tailOf(message);
}

/** Errors of errno(3), getaddrinfo(3) and rustls. */
const KNOWN_ERRORS: readonly (readonly [RegExp, string])[] = [
  [/Connection refused|ECONNREFUSED/i, "connection refused"],
  [/Connection reset|ECONNRESET/i, "connection reset"],
  [/Broken pipe/i, "connection closed by the other side"],
  [/No route to host|EHOSTUNREACH/i, "no route to host"],
  [/Network is unreachable|ENETUNREACH/i, "network unreachable"],
  [/Cannot assign requested address/i, "address not available"],
  [/Too many open files/i, "too many open files"],
  [/failed to lookup address|ENOTFOUND|dns error/i, "host name not found"],
  [/Connection timed out|request timed out|ETIMEDOUT/i, "no answer"],
  [/UnknownIssuer/, "certificate not trusted: unknown issuer"],
  [/CaUsedAsEndEntity/, "certificate not trusted: it signed itself"],
  [/certificate.*(Expired)/i, "certificate expired"],
  [/NotValidForName/i, "certificate is for another name"],
  [/invalid peer certificate/i, "certificate not trusted"],
  [/Requests to port \d+ are blocked/i, "web clients refuse this port (fetch standard, bad port)"],
  [/closed before message completed|unexpected EOF|end of file|socket hang up/i, "closed early"],
  [/invalid HTTP|error parsing|Parse Error/i, "the answer is not HTTP"],
  [/Permission denied/i, "permission denied"],
  [/No such file/i, "no such file"],
  [/Is a directory/i, "is a directory"],
];

function messageWithCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `${messageOf(error)}: ${cause.message}` : messageOf(error);
}

/** The last part is the most specific. URLs, which may have passwords, are left out. */
function tailOf(message: string): string {
  const plain = message.replaceAll(/[a-z]+:\/\/\S+/gi, "…").replace(/\s*\(os error \d+\)/, "");
  return firstLine(plain.split(": ").at(-1) ?? plain) || "failed";
}
