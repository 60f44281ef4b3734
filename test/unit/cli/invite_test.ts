/** An invitation stays open until its time is over. */
import assert from "node:assert/strict";
import { serve } from "../../../src/cli/invite/serve.ts";
import { openChannel } from "../../../src/cli/join/channel.ts";
import { drawToken, parseToken } from "../../../src/cli/join/token.ts";

Deno.test("invite: a client that is gone before it is accepted ends no invitation", async () => {
  using real = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let isOver = false;
  let refusals = 3;
  // As accept(2): ECONNABORTED, EMFILE.
  const listener: Deno.Listener = Object.assign(Object.create(real), {
    accept: () =>
      refusals-- > 0 ? Promise.reject(new Deno.errors.ConnectionAborted()) : real.accept(),
  });
  const token = parseToken(drawToken());
  const came: string[] = [];
  const parcel = { kind: "parcel", from: "a", text: "", open: false, credentials: [] } as const;
  const told = { joined: (name: string) => void came.push(name), refused: () => {} };
  const invitation = { token, parcel: { ...parcel, credentials: [] }, nodes: [], ...told };
  const served = serve(listener, invitation, () => isOver);
  const { port } = real.addr as Deno.NetAddr;
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const channel = await openChannel(connection, token, "joining");
  await channel.send({ hostName: "b", addresses: ["10.0.0.2"] });
  assert.equal((await channel.receive() as { readonly kind: string }).kind, "parcel");
  await channel.send({ kind: "done" });
  await connection.read(new Uint8Array(1));
  isOver = true;
  real.close();
  await served;
  assert.deepEqual(came, ["b"]);
});
