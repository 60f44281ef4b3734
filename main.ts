/** The program: hands its arguments to the command line and exits with what comes back. */
import { main } from "./src/cli/main.ts";

Deno.exit(await main(Deno.args));
