/** Requests as addresses of HTTP, written and read. Any user of the socket may write anything. */
import { printableLine } from "../printable.ts";

/** `POST /v1/handover` */
export interface HandoverRequest {
  readonly instance: string;
  /** End a handover instead. */
  readonly back: boolean;
  readonly to: string | undefined;
  /** 1 ms to 10 years. */
  readonly forMs: number | undefined;
}

/** `POST /v1/maintenance` */
export interface MaintenanceRequest {
  readonly on: boolean;
  readonly reason: string | undefined;
  /** 1 ms to 10 years. */
  readonly forMs: number | undefined;
  readonly force: boolean;
}

const LONGEST_REASON = 500;
const LONGEST_MS = 10 * 365 * 86_400_000;

/** `request` as a query, with its question mark. */
export function handoverQuery(request: HandoverRequest): string {
  return query({ ...request, back: request.back ? "1" : undefined });
}

/** What a query says; a text: why it cannot be understood. */
export function handoverRequest(parameters: URLSearchParams): HandoverRequest | string {
  const instance = parameters.get("instance");
  if (instance === null) return "instance is missing";
  const forMs = milliseconds(parameters);
  if (typeof forMs === "string") return forMs;
  return {
    instance,
    back: parameters.get("back") === "1",
    to: parameters.get("to") ?? undefined,
    forMs,
  };
}

/** `request` as a query, with its question mark. */
export function maintenanceQuery(request: MaintenanceRequest): string {
  const { on, force } = request;
  return query({ ...request, on: on ? "1" : "0", force: force ? "1" : undefined });
}

/** What a query says; a text: why it cannot be understood. */
export function maintenanceRequest(parameters: URLSearchParams): MaintenanceRequest | string {
  const on = parameters.get("on");
  if (on !== "1" && on !== "0") return "on must be 1 or 0";
  const reason = reasonOf(parameters.get("reason"));
  if (reason !== undefined && reason.length > LONGEST_REASON) {
    return `a reason has at most ${LONGEST_REASON} characters`;
  }
  const forMs = milliseconds(parameters);
  if (typeof forMs === "string") return forMs;
  return { on: on === "1", reason, forMs, force: parameters.get("force") === "1" };
}

/** On one line: it is shown in status, log and messages. */
function reasonOf(written: string | null): string | undefined {
  return written === null ? undefined : printableLine(written.replace(/[\r\n\t]+/g, " "));
}

function query(values: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) parameters.set(name === "forMs" ? "for_ms" : name, String(value));
  }
  return `?${parameters}`;
}

function milliseconds(parameters: URLSearchParams): number | undefined | string {
  const text = parameters.get("for_ms");
  if (text === null) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1 && value <= LONGEST_MS) return value;
  return `for_ms must be a whole number from 1 to ${LONGEST_MS}`;
}
