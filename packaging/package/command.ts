/** Runs a packaging tool to its end, with its output where it fails. */

/** Runs `program` (in the folder `cwd`, where one is given); its standard output. Rejects with what it said unless it succeeded. */
export async function demand(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  cwd?: string,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(cwd === undefined ? {} : { cwd }),
    env: { LC_ALL: "C.UTF-8", TZ: "UTC", ...env },
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`${program} failed: ${decoder.decode(stderr).trim()}`);
}
