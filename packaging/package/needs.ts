/** The programs that a task needs: looked for before it begins, so that none is missed half-way. */

/** A program of the distribution. */
export interface Need {
  readonly program: string;
  /** The Debian package that it is in. */
  readonly debian: string;
  /** What it does here: "packs the .deb". */
  readonly does: string;
}

/** One line for each need, with whether it is here. Rejects where one is not, with the apt line. */
export async function demandAll(
  needs: readonly Need[],
  say: (line: string) => void,
): Promise<void> {
  const absent: Need[] = [];
  for (const need of needs) {
    const isHere = await isThere(need.program);
    say(`needs ${need.program} (${need.does}): ${isHere ? "here" : "not on this machine"}`);
    if (!isHere) absent.push(need);
  }
  if (absent.length === 0) return;
  const programs = absent.map(({ program, does }) => `${program} (${does})`).join(", ");
  const packages = [...new Set(absent.map(({ debian }) => debian))].join(" ");
  throw new Error(`not on this machine: ${programs}. Debian: sudo apt install ${packages}`);
}

/** Can this program be started? */
export async function isThere(program: string): Promise<boolean> {
  try {
    const silent = { stdin: "null", stdout: "null", stderr: "null" } as const;
    await new Deno.Command(program, { args: ["--version"], ...silent }).output();
    return true;
  } catch {
    return false;
  }
}
