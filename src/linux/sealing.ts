/**
 * Sealing and opening: AES-256-GCM with keys of HKDF-SHA-256, by WebCrypto, beside the loop
 * (decision 0073).
 */
import { TAG_SIZE } from "../cluster/datagram.ts";
import type { ToOpen, ToSeal } from "../cluster/outcome.ts";
import type { ChannelKey } from "../host.ts";

const NO_SALT = new Uint8Array(0);

/** Seals and opens with `keys`. Nothing here ever rejects. */
export class Sealing {
  readonly #secrets = new Map<number, Promise<CryptoKey>>();
  /** By the info of a session, which keeps it for as long as it lives, and the secret's id. */
  readonly #derived = new WeakMap<Uint8Array, Map<number, Promise<CryptoKey> | CryptoKey>>();

  constructor(keys: readonly ChannelKey[]) {
    for (const { id, secret } of keys) {
      const imported = importSecret(secret);
      // It is told to each that uses it.
      imported.catch(() => {});
      this.#secrets.set(id, imported);
    }
  }

  /** The sealed text with its tag; undefined where that cannot be done. */
  async seal({ key, nonce, head, text }: ToSeal): Promise<Uint8Array | undefined> {
    try {
      const parameters = gcm(nonce, head);
      const known = this.#known(key.keyId, key.info) ?? await this.#keyFor(key.keyId, key.info);
      return new Uint8Array(await crypto.subtle.encrypt(parameters, known, new Uint8Array(text)));
    } catch {
      return undefined;
    }
  }

  /** The text; undefined where the tag is wrong. */
  async open({ key, nonce, associated, sealed }: ToOpen): Promise<Uint8Array | undefined> {
    try {
      const parameters = gcm(nonce, associated);
      const known = this.#known(key.keyId, key.info) ?? await this.#keyFor(key.keyId, key.info);
      return new Uint8Array(
        await crypto.subtle.decrypt(parameters, known, new Uint8Array(sealed)),
      );
    } catch {
      return undefined;
    }
  }

  /** A key that is there already: with it the work begins before the present turn has ended. */
  #known(keyId: number, info: Uint8Array): CryptoKey | undefined {
    const known = this.#derived.get(info)?.get(keyId);
    return known instanceof Promise ? undefined : known;
  }

  #keyFor(keyId: number, info: Uint8Array): Promise<CryptoKey> | CryptoKey {
    const ofSession = this.#derived.get(info) ?? new Map<number, Promise<CryptoKey> | CryptoKey>();
    const known = ofSession.get(keyId);
    if (known !== undefined) return known;
    const derived = this.#derive(keyId, info);
    this.#derived.set(info, ofSession);
    if (!this.#secrets.has(keyId)) return derived;
    ofSession.set(keyId, derived);
    void derived.then((key) => ofSession.set(keyId, key), () => {});
    return derived;
  }

  async #derive(keyId: number, info: Uint8Array): Promise<CryptoKey> {
    const secret = await this.#secrets.get(keyId);
    if (secret === undefined) throw new RangeError(`no secret ${keyId}`);
    const parameters = {
      name: "HKDF",
      hash: "SHA-256",
      salt: NO_SALT,
      info: new Uint8Array(info),
    };
    const use = { name: "AES-GCM", length: 256 };
    return await crypto.subtle.deriveKey(parameters, secret, use, false, ["encrypt", "decrypt"]);
  }
}

async function importSecret(secret: string): Promise<CryptoKey> {
  const bytes = Uint8Array.fromBase64(secret, { alphabet: "base64url" });
  return await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveKey"]);
}

function gcm(nonce: Uint8Array, associated: Uint8Array): AesGcmParams {
  return {
    name: "AES-GCM",
    iv: new Uint8Array(nonce),
    additionalData: new Uint8Array(associated),
    tagLength: TAG_SIZE * 8,
  };
}
