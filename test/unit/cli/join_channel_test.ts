/** What goes from an inviting node to a joining one: read by who has the token, and unchanged. */
import assert from "node:assert/strict";
import { type JoinChannel, openChannel, Untrusted } from "../../../src/cli/join/channel.ts";
import { drawToken, parseToken } from "../../../src/cli/join/token.ts";
import { writeAll } from "../../../src/files.ts";

const TOKEN = parseToken("abcde-fghjk-mnpqr-stuvw");

/** Two ends of a connection, and the bare connection of the one that joins. */
async function between(
  joining: string,
  play: (inviting: JoinChannel, joining: JoinChannel, bare: Deno.Conn) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [a, b] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: "127.0.0.1", port: (listener.addr as Deno.NetAddr).port }),
  ]);
  using _a = a;
  using _b = b;
  const [one, other] = await Promise.all([
    openChannel(a, TOKEN, "inviting"),
    openChannel(b, joining, "joining"),
  ]);
  await play(one, other, b);
}

Deno.test("join: both ends understand each other, large texts too", () =>
  between(TOKEN, async (inviting, joining) => {
    await joining.send({ hostName: "pi-b" });
    assert.deepEqual(await inviting.receive(), { hostName: "pi-b" });
    const text = "ä\n".repeat(300_000);
    const [received] = await Promise.all([joining.receive(), inviting.send({ text })]);
    assert.deepEqual(received, { text });
  }));

Deno.test("join: another token reads nothing", () =>
  between(parseToken(drawToken()), async (inviting, joining) => {
    await joining.send({ kind: "hello" });
    await assert.rejects(inviting.receive(), Untrusted);
    await inviting.send({ kind: "parcel" });
    await assert.rejects(joining.receive(), Untrusted);
  }));

for (
  const [name, bytes] of Object.entries({
    "what is not sealed": [0, 0, 0, 40, ...Array.from({ length: 40 }, (_, i) => i)],
    "a length without a message": [0, 0, 0, 5, 1, 2, 3, 4, 5],
    "a length of gigabytes": [0xff, 0xff, 0xff, 0xff],
  })
) {
  Deno.test(`join: refused: ${name}`, () =>
    between(TOKEN, async (inviting, _joining, bare) => {
      await writeAll(bare, Uint8Array.from(bytes));
      await assert.rejects(inviting.receive(), Untrusted);
    }));
}

Deno.test("join: an end that sends back what it heard is not the other end", () =>
  between(TOKEN, async (inviting, _joining, bare) => {
    await inviting.send({ kind: "parcel" });
    const echo = new Uint8Array(4096);
    const count = await bare.read(echo);
    await writeAll(bare, echo.subarray(0, count ?? 0));
    await assert.rejects(inviting.receive(), Untrusted);
  }));

Deno.test("join: a token is 100 random bits, however it is typed", () => {
  const tokens = new Set(Array.from({ length: 1000 }, drawToken));
  assert.equal(tokens.size, 1000);
  for (const token of tokens) {
    assert.match(token, /^([a-hjkmnp-z02-9]{5}-){3}[a-hjkmnp-z02-9]{5}$/);
    assert.equal(parseToken(token.toUpperCase().replaceAll("-", "")), parseToken(token));
  }
  assert.throws(() => parseToken("abcde-fghjk-mnpqr-stuv1"), /20 letters .*, and "1" is never in/);
  assert.throws(() => parseToken("abcde-fghjk-mnpqr-stu"), /20 letters .*, this one has 18$/);
  for (
    const pasted of ["abcde-fghjk-\r\nmnpqr-stuvw\n", "abcde\u2013fghjk mnpqr\u00a0stuvw\ufeff"]
  ) {
    assert.equal(parseToken(pasted), TOKEN, JSON.stringify(pasted));
  }
});
