/** The program as the service runs it: `floatip run` alone. main.ts has every command. */
import { main } from "./src/cli/run/main.ts";

Deno.exit(await main(Deno.args));
