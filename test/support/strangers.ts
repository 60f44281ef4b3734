/** What may be in the place of a file, and is none. */

/** By name: how it is made at `path`; links lead to `victim`. */
export const STRANGERS: Readonly<Record<string, (path: string, victim: string) => void>> = {
  "a symbolic link": (path, victim) => Deno.symlinkSync(victim, path),
  "a file with a second name": (path, victim) => Deno.linkSync(victim, path),
  "a folder": (path) => Deno.mkdirSync(path),
  "a pipe": (path) => void new Deno.Command("mkfifo", { args: [path] }).outputSync(),
};
