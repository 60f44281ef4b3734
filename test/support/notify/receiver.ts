/** A program that prints each HTTP request as one line of JSON. */

/** One request. */
export interface Posted {
  readonly path: string;
  /** ntfy's; null: none. */
  readonly title: string | null;
  readonly body: string;
}

if (import.meta.main) {
  const port = Number(Deno.args[0]);
  const onListen = () => console.error("listening");
  Deno.serve({ hostname: "127.0.0.1", port, onListen }, async (request) => {
    const posted: Posted = {
      path: new URL(request.url).pathname,
      title: request.headers.get("title"),
      body: await request.text(),
    };
    console.log(JSON.stringify(posted));
    return new Response(null, { status: 204 });
  });
}
