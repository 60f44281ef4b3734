/** The files of a package and their places: one table for Debian's and for rpm's. */
import { completionScript, type Shell } from "../../src/cli/completions/scripts.ts";
import { VERSION } from "../../src/version.ts";
import { filePage } from "../man/file_page.ts";
import { programPage } from "../man/program_page.ts";
import type { Making } from "./making.ts";

/** The checkout's folder, with a slash at its end. */
export const CHECKOUT = new URL("../../", import.meta.url).pathname;

/** Where the two kinds of distribution differ. */
export type Flavour = "deb" | "rpm";

/**
 * One file of a package. Folders on the way to it are made with mode 0755; everything belongs to
 * root.
 */
export interface Entry {
  /** Absolute, where it will stand. */
  readonly path: string;
  readonly content:
    | { readonly kind: "file"; readonly from: string }
    | { readonly kind: "text"; readonly text: string }
    | { readonly kind: "link"; readonly to: string };
  /** Permission bits; default: 0644. */
  readonly mode?: number;
  /** Made for people to change: never overwritten. */
  readonly config?: true;
  /** Compressed, with ".gz" behind the path. */
  readonly gzip?: true;
}

const DOC = "/usr/share/doc/floatip";

/** Everything that a package holds. `program` is a folder that {@link ../build.ts} made. */
export async function entriesOf(
  flavour: Flavour,
  program: string,
  { version, epoch }: Making,
): Promise<readonly Entry[]> {
  return [
    ...await programEntries(program),
    { path: "/usr/bin/floatip", content: { kind: "link", to: "../lib/floatip/floatip" } },
    { ...file("/usr/lib/floatip/installed", "packaging/installed.sh"), mode: 0o755 },
    ...unit("floatip.service"),
    ...unit("floatip-runner.socket"),
    ...unit("floatip-runner@.service"),
    file("/usr/lib/sysusers.d/floatip.conf", "systemd/sysusers.conf"),
    file("/usr/lib/tmpfiles.d/floatip.conf", "systemd/tmpfiles.conf"),
    {
      ...file("/etc/floatip/floatip.toml.example", "packaging/examples/five-nodes.toml"),
      config: true,
    },
    ...documentation(flavour),
    ...await tree(`${DOC}/docs`, "docs"),
    manual("man8/floatip.8", programPage(version, epoch)),
    manual("man5/floatip.toml.5", filePage(version, epoch)),
    ...completions(flavour),
    ...await folder(`${DOC}/examples`, "packaging/examples"),
    ...await folder("/usr/share/floatip/grafana", "packaging/grafana"),
    ...await folder("/usr/share/floatip/prometheus", "packaging/prometheus"),
  ];
}

async function programEntries(program: string): Promise<readonly Entry[]> {
  const names = ["floatip"];
  for await (const { name } of readFolder(`${program}/lib`)) names.push(`lib/${name}`);
  return names.toSorted().map((name) => ({
    path: `/usr/lib/floatip/${name}`,
    content: { kind: "file", from: `${program}/${name}` },
    mode: name.endsWith(".js") ? 0o644 : 0o755,
  }));
}

function unit(name: string): readonly Entry[] {
  return [file(`/usr/lib/systemd/system/${name}`, `systemd/${name}`)];
}

function documentation(flavour: Flavour): readonly Entry[] {
  const common = [file(`${DOC}/README.md`, "README.md")];
  return flavour === "deb"
    ? [
      ...common,
      file(`${DOC}/copyright`, "packaging/deb/copyright"),
      file("/usr/share/lintian/overrides/floatip", "packaging/deb/lintian-overrides"),
    ]
    : [
      ...common,
      file(`${DOC}/CHANGELOG.md`, "CHANGELOG.md"),
      file("/usr/share/licenses/floatip/copyright", "packaging/deb/copyright"),
    ];
}

function manual(place: string, text: string): Entry {
  return { path: `/usr/share/man/${place}`, content: { kind: "text", text }, gzip: true };
}

/** Where each shell looks. */
function completions(flavour: Flavour): readonly Entry[] {
  const zsh = flavour === "deb" ? "vendor-completions" : "site-functions";
  const places: readonly (readonly [Shell, string])[] = [
    ["bash", "bash-completion/completions/floatip"],
    ["zsh", `zsh/${zsh}/_floatip`],
    ["fish", "fish/vendor_completions.d/floatip.fish"],
  ];
  return places.map(([shell, place]) => ({
    path: `/usr/share/${place}`,
    content: { kind: "text", text: completionScript(shell) },
  }));
}

/** Every file of a folder of the checkout; a folder that is not there has none. */
async function folder(path: string, from: string): Promise<readonly Entry[]> {
  const names: string[] = [];
  for await (const { name, isFile } of readFolder(`${CHECKOUT}${from}`)) {
    // Pictures are for readers on the web: more than half of the documents' bytes.
    if (isFile && !name.endsWith(".png")) names.push(name);
  }
  return names.toSorted().map((name) => file(`${path}/${name}`, `${from}/${name}`));
}

/** Every file of a folder of the checkout and of the folders in it. */
async function tree(path: string, from: string): Promise<readonly Entry[]> {
  const folders: string[] = [];
  for await (const { name, isDirectory } of readFolder(`${CHECKOUT}${from}`)) {
    if (isDirectory) folders.push(name);
  }
  const below = folders.toSorted().map((name) => tree(`${path}/${name}`, `${from}/${name}`));
  return [...await folder(path, from), ...(await Promise.all(below)).flat()];
}

async function* readFolder(path: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function file(path: string, from: string): Entry {
  return { path, content: { kind: "file", from: `${CHECKOUT}${from}` } };
}

/** The version of the packages where nobody says another. */
export const PACKAGE_VERSION = VERSION;
