/** Refusals of the kernel as HostError: the call, its object, the errno and a text. */
import { HostError } from "../host.ts";
import { describeErrno } from "./errno.ts";

/** The HostError for a call that gave the negative errno `result`. */
export function refusal(call: string, object: string, result: number): HostError {
  const { code, words } = describeErrno(-result);
  return new HostError(call, object, code, words);
}

/** `result`, unless it is a negative errno: then throws {@link refusal}. */
export function demand(result: number, call: string, object: string): number {
  if (result < 0) throw refusal(call, object, result);
  return result;
}
