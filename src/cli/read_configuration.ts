/** The configuration file as the commands that need it read it. */
import type { Credentials } from "../config/credentials.ts";
import { load, type Loaded } from "../config/load.ts";
import { demandFile } from "./configuration_file.ts";

/**
 * Reads `file`. `credentials`: the secrets that it only names; default: as one sees them who only
 * looks. Throws Failure where it is not there, or not for this user; all else is in what comes
 * back.
 */
export async function readConfiguration(
  file: string,
  credentials?: Credentials,
): Promise<Loaded> {
  await demandFile(file);
  return await load(file, credentials);
}
