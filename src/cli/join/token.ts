/** The token of an invitation: 100 random bits, copied by a person from one screen to another. */

import { printableLine } from "../../printable.ts";
import { EXIT, Failure } from "../exit.ts";

/** Letters and digits that nobody confuses: 32 of them, 5 bits each. */
const LETTERS = "abcdefghjkmnpqrstuvwxyz023456789";
const LENGTH = 20;
const GROUP = 5;

/** A new token: "abcde-fghjk-mnpqr-stuvw". */
export function drawToken(): string {
  const letters = [...crypto.getRandomValues(new Uint8Array(LENGTH))]
    .map((byte) => LETTERS[byte % LETTERS.length]).join("");
  return (letters.match(new RegExp(`.{${GROUP}}`, "g")) ?? []).join("-");
}

/**
 * What was typed, in small letters, without dashes of any kind and the spaces and ends of lines
 * that a terminal or a clipboard puts in. Throws Failure where it is no token.
 */
export function parseToken(input: string): string {
  const letters = [...input.toLowerCase().replaceAll(/[\s\p{Pd}\p{Cf}]/gu, "")];
  const odd = letters.find((one) => !LETTERS.includes(one));
  if (letters.length === LENGTH && odd === undefined) return letters.join("");
  const found = odd === undefined
    ? `this one has ${letters.length}`
    : `and ${JSON.stringify(printableLine(odd))} is never in one`;
  const hint = "`floatip init` and `floatip invite` print it. Copy the whole line.";
  throw new Failure(EXIT.usage, `a token has ${LENGTH} letters and digits, ${found}`, hint);
}
