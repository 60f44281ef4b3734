// Starts floatip: `floatip run` is one script, every other command a module in parts (decision 0072).
if (Deno.args[0] === "run") {
  const script = new URL("./daemon.js", import.meta.url);
  const text = Deno.readTextFileSync(script);
  // Strict as a module is; on the first line, so that stack traces have the file's lines.
  const before = '(async function daemon() { "use strict"; ';
  await (0, eval)(`${before}${text}\n})()\n//# sourceURL=${script.href}`);
} else {
  // A name that Deno cannot see: it would parse all of that for the daemon too.
  await import(["./commands.js"].join());
}
