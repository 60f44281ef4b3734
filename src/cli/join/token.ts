/** The token of an invitation: 100 random bits, copied by a person from one screen to another. */

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

/** What was typed, without dashes, in small letters. Throws Failure where it is no token. */
export function parseToken(input: string): string {
  const letters = input.replaceAll("-", "").toLowerCase();
  const isToken = letters.length === LENGTH && [...letters].every((one) => LETTERS.includes(one));
  if (isToken) return letters;
  const hint = "`floatip init` and `floatip invite` print it. Copy the whole line.";
  throw new Failure(EXIT.usage, "a token has 20 letters and digits", hint);
}
