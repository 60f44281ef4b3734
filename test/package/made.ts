/** Which packages do the tests install? Made once for each test file, fast, in a folder that goes with it. */
import { makePackages } from "../../packaging/package.ts";
import type { Flavour } from "../../packaging/package/tree.ts";
import { type Arch, ownArch } from "../../packaging/runtime.ts";

const folder = Deno.makeTempDirSync({ prefix: "floatip-made-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** The path of a package of this version. */
export async function packaged(
  format: Flavour,
  version: string,
  arch: Arch = ownArch(),
): Promise<string> {
  const [made] = await makePackages({
    arches: [arch],
    formats: [format],
    kind: "bundle",
    version,
    compression: "fast",
    out: folder,
  });
  if (made === undefined) throw new Error("no package was made");
  return made.file;
}
