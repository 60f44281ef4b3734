/** Refusals of a simulated kernel, in its words. */
import { HostError } from "../../src/host.ts";
import type { VirtualAddress } from "../../src/net/interfaces.ts";
import { formatPrefix } from "../../src/net/prefix.ts";

const WORDS: Readonly<Record<string, string>> = {
  ENODEV: "No such device",
  ENETDOWN: "Network is down",
  EADDRNOTAVAIL: "Cannot assign requested address",
  EBADF: "Bad file descriptor",
  ENOBUFS: "No buffer space available",
  EPERM: "Operation not permitted",
  EACCES: "Permission denied",
};

/** "192.168.1.50/24 on eth0". */
export function objectOf({ prefix, interface: name }: VirtualAddress): string {
  return `${formatPrefix(prefix)} on ${name}`;
}

/** The HostError of `call` on `object` with `code`. */
export function refusal(call: string, object: string, code: string): HostError {
  return new HostError(call, object, code, WORDS[code] ?? code);
}
