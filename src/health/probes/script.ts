/** May this program be run, and as whom? Nobody but its owner and root may be able to change what runs. */
import { type Account, CHILD_PATH, findAccount } from "../../process.ts";

/** Runs commands where no user is named and such an account exists. */
export const SCRIPT_USER = "floatip";

/** Who a command runs as: an account, the daemon itself (undefined), or nobody because of a reason in words. */
export type Runner =
  | { readonly account: Account | undefined }
  | { readonly refusal: string };

/**
 * Who runs the commands of `user`; undefined: {@link SCRIPT_USER} where that account exists and the daemon is root, else
 * the daemon.
 */
export async function findRunner(user: string | undefined): Promise<Runner> {
  if (user === undefined) {
    return { account: Deno.uid() === 0 ? await findAccount(SCRIPT_USER) : undefined };
  }
  const account = await findAccount(user);
  if (account === undefined) return { refusal: `no user ${user} on this machine` };
  if (account.uid !== Deno.uid() && Deno.uid() !== 0) {
    return { refusal: `only root can run it as ${user}` };
  }
  return { account };
}

/** The program's file, or why there is none, in words. */
export async function findProgram(
  name: string,
): Promise<{ readonly path: string } | { readonly refusal: string }> {
  if (name.startsWith("/")) return { path: name };
  if (name.includes("/")) return { refusal: `${name}: not an absolute path` };
  for (const folder of CHILD_PATH.split(":")) {
    const path = `${folder}/${name}`;
    const info = await Deno.stat(path).catch(() => undefined);
    if (info?.isFile && ((info.mode ?? 0) & 0o111) !== 0) return { path };
  }
  return { refusal: `${name}: no such program in ${CHILD_PATH}` };
}

/**
 * Why the file at `path` must not be run, with the command that mends it; undefined: it may. Refused is what others could
 * replace or rewrite: a file, or a folder on the way to it (symbolic links followed), that everybody may write to;
 * where it would run as root also what a group or a user other than root may.
 */
export async function refusalOf(path: string, asRoot: boolean): Promise<string | undefined> {
  const real = await Deno.realPath(path).catch((error: unknown) => error);
  if (typeof real !== "string") {
    return real instanceof Deno.errors.NotFound ? `${path}: no such file` : `${path}: unreadable`;
  }
  const info = await Deno.stat(real);
  if (!info.isFile) return `${path}: not a regular file`;
  if (((info.mode ?? 0) & 0o111) === 0) return `${path}: not executable: chmod +x ${quote(real)}`;
  for (const place of wayTo(path, real)) {
    const refusal = refusalOfPlace(place, await Deno.stat(place), asRoot);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refusalOfPlace(place: string, info: Deno.FileInfo, asRoot: boolean): string | undefined {
  const mode = info.mode ?? 0;
  // In a folder with the sticky bit (/tmp) nobody can replace what belongs to somebody else.
  const sticky = info.isDirectory && (mode & 0o1000) !== 0;
  if ((mode & 0o002) !== 0 && !sticky) {
    return `${place} is writable by everybody: chmod o-w ${quote(place)}`;
  }
  if (!asRoot) return undefined;
  if ((info.uid ?? 0) !== 0) {
    return `${place} belongs to another user than root: chown root ${quote(place)}`;
  }
  if ((mode & 0o020) !== 0 && (info.gid ?? 0) !== 0 && !sticky) {
    return `${place} is writable by its group: chmod g-w ${quote(place)}`;
  }
  return undefined;
}

/** The file, and every folder on the way to it by its given and by its real name. */
function wayTo(path: string, real: string): ReadonlySet<string> {
  return new Set([real, ...foldersOf(real), ...foldersOf(path)]);
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split("/").slice(1, -1);
  return ["/", ...parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}`)];
}

/** For a shell, so that the command can be copied. */
function quote(path: string): string {
  return /^[\w./+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
