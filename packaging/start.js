// Starts floatip: `floatip run` is one script, every other command a module in parts (decision 0072).
if (Deno.args[0] === "run") {
  await (0, eval)(Deno.readTextFileSync(new URL("./daemon.js", import.meta.url)));
} else {
  // A name that Deno cannot see: it would parse all of that for the daemon too.
  await import(["./commands.js"].join());
}
