/**
 * Looks at the page with a browser: three nodes of the built program, Debian's Chromium as the
 * desktop and as a phone; a node dies, an address has two holders, orders by keyboard, silence.
 *
 *     deno task test-page              says what was seen
 *     deno task test-page -- --save    and keeps the pictures in docs/guides
 *
 * Needs root, and `chromium`, which is too large for each run of all tests.
 */
import { type Browser, chromium, type Page } from "playwright-core";
import { build, defaultKind } from "../../packaging/build.ts";
import { ownArch } from "../../packaging/runtime.ts";
import { Field, FLOATING } from "../support/field/field.ts";
import { until } from "../support/until.ts";
import type { Floatip } from "../support/interop/floatip.ts";

const PASSWORD = "correct-horse";
const PORT = 9113;
const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";
const NAMES = ["pi-a", "pi-b", "pi-c"] as const;
const PICTURES = new URL("../../docs/guides/", import.meta.url).pathname;
const DESKTOP = { viewport: { width: 1000, height: 800 } };
const PHONE = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
  deviceScaleFactor: 1,
  colorScheme: "dark",
} as const;
/** How soon the page shows what happened: once a second, and what the daemon needs to know. */
const SOON = { timeout: 15_000 };

if (import.meta.main) {
  await build(await defaultKind(ownArch()), new URL("../../dist", import.meta.url).pathname);
  await look(Deno.args.includes("--save"));
}

async function look(save: boolean): Promise<void> {
  await using field = await Field.open({ hosts: [...NAMES, "client"] });
  const file = fileOf(field);
  const nodes: Floatip[] = [];
  for (const name of NAMES) nodes.push(await field.run(name, file));
  const [a, b, c] = nodes;
  if (a === undefined || b === undefined || c === undefined) throw new Error("three nodes");
  await a.untilState("master");
  await field.untilCode(0, nodes);
  const browser = await browserOn(field);
  try {
    const complaints: string[] = [];
    const open = (kind: Kind, host: string) => openPage(browser, kind, host, complaints);
    const keep = async (page: Page, name: string) => {
      if (save) await page.screenshot({ path: `${PICTURES}page-${name}.png`, fullPage: true });
    };
    const [desktop, phone] = [await open(DESKTOP, FLOATING), await open(PHONE, FLOATING)];
    for (const page of [desktop, phone]) await says(page, "#verdict", "All is well");
    await keep(phone, "phone");
    console.log("healthy: desktop and phone say that all is well");
    await isWithin(phone);
    await isUnframed(browser);
    console.log("a page of another site that frames it shows nothing of it");

    await pullHolder(field, [desktop, phone], () => keep(phone, "phone-node-lost"));
    await c.crash();
    await says(desktop, "#attention", "pi-c is lost");
    await keep(desktop, "node-lost");
    console.log("a node dies: both say which");

    await addSecondHolder(field, open, keep);

    const other = await open(DESKTOP, field.host("pi-b").address);
    await says(other, "#news", "live");
    await orderByKeyboard(other);
    await says(other, "#answer", "maintenance is on");
    await says(other, "#maintenance", "in maintenance");
    await keep(other, "maintenance");
    const otherPhone = await open(PHONE, field.host("pi-b").address);
    await says(otherPhone, "#maintenance", "in maintenance");
    await keep(otherPhone, "phone-maintenance");
    console.log("maintenance: ordered by keyboard, shown");

    await b.crash();
    await says(other, "#news", "No news");
    await says(other, "#verdict", "Not known");
    await keep(other, "no-news");
    console.log("silence: the page says that it has no news");
    const told = complaints.filter((line) => !line.includes("net::ERR_"));
    if (told.length > 0) throw new Error(`the browser complains: ${told.join("; ")}`);
    console.log("no complaint of the browser: nothing was refused by the policy of the page");
  } finally {
    await browser.close();
  }
}

/** The node that serves the page at the floating address is gone without a word. */
async function pullHolder(
  field: Field,
  pages: readonly Page[],
  keep: () => Promise<void>,
): Promise<void> {
  await field.host("pi-a").unplug();
  for (const page of pages) await says(page, "#attention", "pi-a is lost");
  await keep();
  await field.host("pi-a").plug();
  for (const page of pages) await says(page, "#verdict", "All is well");
  console.log("the cable of the holder is pulled: the page follows the address");
}

async function addSecondHolder(
  field: Field,
  open: (kind: Kind, host: string) => Promise<Page>,
  keep: (page: Page, name: string) => Promise<void>,
): Promise<void> {
  const client = field.host("client");
  await client.ip("addr", "add", `${FLOATING}/32`, "dev", "eth0");
  for (const [kind, name] of [[DESKTOP, "two-holders"], [PHONE, "phone-two-holders"]] as const) {
    const page = await open(kind, field.host("pi-a").address);
    await says(page, "#verdict", "two holders");
    await keep(page, name);
  }
  await client.ip("addr", "del", `${FLOATING}/32`, "dev", "eth0");
  console.log("two holders: said");
}

function fileOf(field: Field): string {
  return field.file({
    nodes: Object.fromEntries(NAMES.map((name) => [name, field.host(name).address])),
    lines: ['checks = ["disk"]'],
    sections: `[check.disk]\nfile = "/"\n\n[cluster]\nsecret = "${SECRET}"\n\n` +
      `[web]\nlisten = "0.0.0.0:${PORT}"\npassword = "${PASSWORD}"\n`,
  });
}

type Kind = typeof DESKTOP | typeof PHONE;

/** The page of `host`. What the browser says against it is added to `complaints`. */
async function openPage(
  browser: Browser,
  kind: Kind,
  host: string,
  complaints: string[],
): Promise<Page> {
  const page = await (await browser.newContext(kind)).newPage();
  page.on("console", (line) => {
    if (line.type() === "error") complaints.push(line.text());
  });
  page.on("pageerror", (error) => void complaints.push(String(error)));
  page.on("dialog", (dialog) => void dialog.accept());
  await page.goto(`http://${host}:${PORT}/`);
  return page;
}

/** Chromium on the host `client`. */
async function browserOn(field: Field): Promise<Browser> {
  const file = field.stack.adopt(
    await Deno.makeTempFile({ suffix: ".sh" }),
    (path) => Deno.remove(path),
  );
  const words = field.host("client").argv(["/usr/bin/chromium"]).join(" ");
  await Deno.writeTextFile(file, `#!/bin/sh\nexec ${words} "$@"\n`);
  await Deno.chmod(file, 0o755);
  return await chromium.launch({ executablePath: file, args: ["--no-sandbox", "--disable-gpu"] });
}

/** Resolves when the part `selector` shows `text`. */
async function says(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).waitFor(SOON);
}

/** Nothing is wider than the screen. */
async function isWithin(page: Page): Promise<void> {
  const [wide, screen] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, window.innerWidth]",
  );
  if (wide > screen) throw new Error(`the page is ${wide} wide on a screen of ${screen}`);
}

/** Another site's page with this one in a frame: the browser keeps it out. */
async function isUnframed(browser: Browser): Promise<void> {
  const page = await (await browser.newContext(DESKTOP)).newPage();
  await page.setContent(`<iframe src="http://${FLOATING}:${PORT}/"></iframe>`);
  await until(
    () => `a frame that is kept out: ${page.frames().map((frame) => frame.url()).join(" ")}`,
    () => page.frames()[1]?.url().startsWith("chrome-error:"),
  );
  await page.close();
}

/** Password, reason, the button for maintenance: by the keys alone. */
async function orderByKeyboard(page: Page): Promise<void> {
  await page.locator("#password").focus();
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Tab");
  await page.keyboard.type("new disk");
  for (let key = 0; key < 5; key++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate<string>("document.activeElement.textContent");
    if (focused === "Maintenance on") return await page.keyboard.press("Enter");
  }
  throw new Error("the keyboard does not reach the button");
}
