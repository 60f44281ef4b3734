/** The packages that tests install: made once for each test file, in a folder that goes with it. */
import { makePackages } from "../../../packaging/package.ts";
import type { Flavour } from "../../../packaging/package/tree.ts";
import { type Arch, ownArch } from "../../../packaging/runtime.ts";

const folder = Deno.makeTempDirSync({ prefix: "floatip-made-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** Makes packages of this version, and answers their paths. */
export async function packaged(
  version: string,
  formats: readonly Flavour[],
  arches: readonly Arch[] = [ownArch()],
  out = folder,
): Promise<readonly string[]> {
  const kind = "bundle";
  const made = await makePackages({ arches, formats, kind, version, compression: "fast", out });
  return made.map(({ file }) => file);
}

/** The path of one package for this machine. */
export async function onePackage(format: Flavour, version: string): Promise<string> {
  const [file] = await packaged(version, [format]);
  if (file === undefined) throw new Error("no package was made");
  return file;
}
