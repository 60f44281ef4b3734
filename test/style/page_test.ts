/** The page's script against the browser's types, which no other file has. */
import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };

const checkout = new URL("../../", import.meta.url);
const script = new URL("src/web/page/script.js", checkout).pathname;

/** What `deno check` says of `file` with the types of a browser; empty: nothing. */
async function complaints(file: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "floatip-" });
  try {
    const config = `${folder}/deno.json`;
    const { imports, compilerOptions } = settings;
    const options = { ...compilerOptions, checkJs: true, lib: ["dom", "dom.iterable", "esnext"] };
    const lock = new URL("deno.lock", checkout).pathname;
    await Deno.writeTextFile(
      config,
      JSON.stringify({ imports, compilerOptions: options, lock: { path: lock, frozen: true } }),
    );
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", `--config=${config}`, file],
      env: { NO_COLOR: "1" },
    }).output();
    return success ? "" : new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("page: its script fits the status document and the browser", async () => {
  assert.equal(await complaints(script), "");
});

Deno.test("page: a field that the status does not have is found", async () => {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  try {
    const text = (await Deno.readTextFile(script)).replaceAll("../../", `${checkout}src/`);
    await Deno.writeTextFile(file, text.replace("instance.interface ??", "instance.link ??"));
    assert.match(await complaints(file), /'link' does not exist/);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("page: within 60 kB, and nothing from elsewhere", async () => {
  let bytes = 0;
  for (const name of ["index.html", "script.js", "style.css"]) {
    const text = await Deno.readTextFile(new URL(`src/web/page/${name}`, checkout));
    bytes += text.length;
    assert.doesNotMatch(text.replaceAll("http://www.w3.org/2000/svg", ""), /https?:\/\//, name);
    assert.doesNotMatch(text, /\sstyle=|\son\w+=|innerHTML/, name);
  }
  assert.ok(bytes <= 60_000, `${bytes} bytes`);
});
