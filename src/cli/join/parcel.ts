/** What a node gets by `floatip join`: the configuration file, and the secrets that it names. */
import * as v from "valibot";
import { type Credential, CREDENTIAL_PATTERN, type Credentials } from "../../config/credentials.ts";
import { seeCredential } from "../../config/credential_files.ts";
import { decode } from "../../config/decode.ts";
import { EXIT, Failure } from "../exit.ts";

/** Says which machine asks: what the one that invites looks up in the file. */
export const HELLO = v.object({
  hostName: v.pipe(v.string(), v.maxLength(255)),
  addresses: v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(256)),
});

/** A file and its secrets. */
export const PARCEL = v.object({
  kind: v.literal("parcel"),
  /** The name of the node that sends it, and of the one that gets it; "" where no file says so. */
  from: v.string(),
  node: v.string(),
  text: v.string(),
  /** May everybody read the file there? */
  open: v.boolean(),
  credentials: v.array(v.object({
    name: v.pipe(v.string(), v.regex(CREDENTIAL_PATTERN)),
    text: v.pipe(v.string(), v.maxLength(4096)),
  })),
});

/** Why there is none. */
export const REFUSAL = v.object({ kind: v.literal("refused"), words: v.string() });

/** Type of {@link PARCEL}. */
export type Parcel = v.InferOutput<typeof PARCEL>;

/** The secrets that `text` names. Throws Failure where one is not here, or not for this user. */
export function credentialsOf(text: string): Parcel["credentials"] {
  const found = new Map<string, Credential>();
  const take: Credentials = (name) => {
    const credential = seeCredential(name);
    found.set(name, credential);
    return credential;
  };
  decode(text, take);
  return [...found].map(([name, credential]) => {
    if (credential.kind === "text") return { name, text: credential.text };
    if (credential.kind === "missing") {
      throw new Failure(EXIT.failed, credential.what, credential.fix);
    }
    const words = `this user may not read the credential ${JSON.stringify(name)}`;
    throw new Failure(EXIT.notPermitted, words, "Use sudo.");
  });
}
