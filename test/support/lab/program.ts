/** The built program, which lab tests and measurements run: as shipped, without V8's compiler. */
import { build } from "../../../packaging/build.ts";

/**
 * The words that start floatip. A test run builds it once and names it in FLOATIP_PROGRAM; a file
 * that is run alone builds it for itself, which takes a second or two.
 */
export const FLOATIP: readonly string[] = [Deno.env.get("FLOATIP_PROGRAM") ?? await buildOnce()];

/** The environment of the service (systemd/floatip.service), and plain text in the log. */
export const LAB_ENVIRONMENT = { NO_COLOR: "1", FLOATIP_V8_FLAGS: "--jitless" };

async function buildOnce(): Promise<string> {
  const folder = Deno.makeTempDirSync({ prefix: "floatip-built-" });
  // Users other than root start it too.
  Deno.chmodSync(folder, 0o755);
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  await build("bundle", folder);
  return `${folder}/floatip`;
}
