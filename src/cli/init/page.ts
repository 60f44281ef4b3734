/** Whether the nodes show their state to all browsers on the LAN: asked, since it opens a port. */
import { PAGE_PORT } from "../../config/first_file.ts";
import type { Questioner } from "./prompts.ts";

/** Without a person to be asked no port is opened. `given`: what --page says. */
export async function choosePage(asker: Questioner, given: string | undefined): Promise<boolean> {
  return await asker.settle({
    what: "The page (yes, no)",
    flag: "--page",
    given,
    guess: asker.attended ? "yes" : "no",
    remark: "",
    explained: [
      `Each node can show its state to every browser on the LAN, at TCP port ${PAGE_PORT}:`,
      "read-only, without a password.",
    ],
    read(text) {
      if (/^y(es)?$/i.test(text)) return { kind: "value", value: true };
      if (/^no?$/i.test(text)) return { kind: "value", value: false };
      return { kind: "wrong", words: "yes or no" };
    },
  });
}
