/** The lint plugin catches each kind of violation, and nothing else. */
import assert from "node:assert/strict";
import plugin from "./plugin.ts";

const doc = "/** It. */\n";

/** The rules (without "house/") that find something in `source`, were it the file `place`. */
function found(place: string, source: string): readonly string[] {
  const hasOwnHead = source.startsWith("/**") && !source.startsWith(doc);
  const module = hasOwnHead ? source : `/** What is it? */\n${source}`;
  const diagnostics = Deno.lint.runPlugin(plugin, place, module);
  return [...new Set(diagnostics.map(({ id }) => id.replace("house/", "")))].toSorted();
}

const lines = (count: number) => "f();\n".repeat(count);

/** [rule that must object, file, source] */
const violations: readonly (readonly [string, string, string])[] = [
  ["strata", "src/net/ip.ts", `import { decode } from "../wire/vrrp.ts";`],
  ["strata", "src/net/ip.ts", `import type { Advert } from "../wire/vrrp.ts";`],
  ["strata", "src/wire/vrrp.ts", `import { step } from "../vrrp/step.ts";`],
  ["strata", "src/vrrp/rules.ts", `import type { Config } from "../config/config.ts";`],
  ["strata", "src/config/plan/plan_node.ts", `import { step } from "../../vrrp/step.ts";`],
  [
    "strata",
    "src/config/plan/plan_node.ts",
    `import { type Rules, step } from "../../vrrp/step.ts";`,
  ],
  ["strata", "src/daemon/daemon.ts", `import { LinuxHost } from "../linux/linux_host.ts";`],
  ["strata", "src/daemon/daemon.ts", `import { toJson } from "../control/api.ts";`],
  ["strata", "src/daemon/daemon.ts", `import type { Server } from "../control/server.ts";`],
  ["strata", "src/linux/poller.ts", `import { step } from "../vrrp/step.ts";`],
  ["strata", "src/control/server.ts", `import type { Daemon } from "../daemon/daemon.ts";`],
  ["strata", "src/cli/status/run.ts", `import { Daemon } from "../../daemon/daemon.ts";`],
  ["strata", "src/cli/status/run.ts", `const { Daemon } = await import("../../daemon/daemon.ts");`],
  ["strata", "src/host.ts", `import { Daemon } from "./daemon/daemon.ts";`],
  ["strata", "src/vrrp/rules.ts", `import { Lan } from "../support/lab/lan.ts";`],
  ["strata", "src/vrrp/rules.ts", `import * as v from "valibot";`],
  ["strata", "src/cli/status/run.ts", `import { readFileSync } from "node:fs";`],
  ["strata", "main.ts", `import { step } from "./src/vrrp/step.ts";`],
  ["no-barrel", "src/net/all.ts", `export * from "./ip.ts";`],
  ["no-barrel", "src/net/all.ts", `export { parseIp } from "./ip.ts";`],
  ["pure", "src/vrrp/rules.ts", "const now = performance.now();"],
  ["pure", "src/vrrp/rules.ts", "const now = Date.now();"],
  ["pure", "src/daemon/daemon.ts", "Deno.kill(1);"],
  ["pure", "src/daemon/daemon.ts", "setTimeout(() => {}, 1);"],
  ["pure", "src/wire/arp.ts", "console.log(1);"],
  ["pure", "src/config/decode.ts", `await fetch("http://x");`],
  ["pure", "src/net/mac.ts", "crypto.randomUUID();"],
  ["pure", "src/net/mac.ts", "const x = Math.random();"],
  ["pure", "src/health/judge.ts", "const x = { now: Date.now() };"],
  ["one-home", "src/service/service.ts", "Deno.exit(1);"],
  ["one-home", "src/linux/poller.ts", `Deno.dlopen("/lib/libc.so.6", {});`],
  ["no-enum", "src/net/ip.ts", "enum Family { A }"],
  ["no-enum", "test/unit/net/ip_test.ts", "const enum Family { A }"],
  ["no-any", "src/net/ip.ts", "const x: any = 1;"],
  ["no-bang", "src/net/ip.ts", "const y = x[0]!;"],
  ["no-module-let", "src/net/ip.ts", "let count = 0;"],
  ["no-module-let", "src/net/ip.ts", `${doc}export let count = 0;`],
  ["no-drawer", "src/net/util.ts", "const x = 1;"],
  ["no-drawer", "test/helpers/lan.ts", "const x = 1;"],
  ["file-size", "src/net/ip.ts", lines(400)],
  ["function-size", "src/net/ip.ts", `function long() {\n${lines(60)}}`],
  ["function-size", "src/net/ip.ts", `const long = () => {\n${lines(60)}};`],
  ["function-size", "src/net/ip.ts", `class A {\n  long() {\n${lines(60)}}\n}`],
  ["documented", "src/net/ip.ts", "export const x = 1;"],
  ["documented", "src/net/ip.ts", "// It.\nexport function f() {}"],
];

for (const [rule, place, source] of violations) {
  Deno.test(`house/${rule} objects in ${place}: ${source.slice(0, 60).trim()}`, () => {
    assert.deepEqual(found(place, source), [rule]);
  });
}

/** [file, source]: what no rule may object to. */
const sound: readonly (readonly [string, string])[] = [
  [
    "src/wire/vrrp.ts",
    `import { parseIp } from "../net/ip.ts";\nimport { pad } from "./layout.ts";`,
  ],
  ["src/vrrp/rules.ts", `import { seconds } from "../time.ts";`],
  ["src/config/plan/plan_node.ts", `import type { Rules } from "../../vrrp/rules.ts";`],
  ["src/config/plan/plan_node.ts", `import { type Rules } from "../../vrrp/rules.ts";`],
  ["src/config/tables/types.ts", `import * as v from "valibot";`],
  ["src/config/load.ts", "const text = Deno.readTextFileSync(path);"],
  ["src/service/service.ts", `const { Daemon } = await import("../daemon/daemon.ts");`],
  ["src/cli/status/run.ts", `import { open } from "../../control/client.ts";`],
  ["src/linux/libc.ts", `Deno.dlopen("/lib/libc.so.6", {});`],
  ["src/vrrp/rules.ts", "const x = { process: 1 };\nconst y = x.process;"],
  ["src/cli/status/run.ts", "const now = Date.now();"],
  ["test/support/lab/lan.ts", `import process from "node:process";\nconst x = Math.random();`],
  ["main.ts", `import { main } from "./src/cli/main.ts";\nDeno.exit(await main(Deno.args));`],
  ["src/net/ip.ts", `function whole() {\n${lines(58)}}`],
  ["src/net/ip.ts", `/** Which one? RFC 9568 6.4.1. */\n${doc}export const x = 1;`],
  ["src/net/ip.ts", `/** Which, by RFC 9568 6.4.1? An answer. */\nconst x = 1;`],
  [
    "src/net/ip.ts",
    `${doc}export function f(a: string): string;\nexport function f(a: number): number;\n` +
    `export function f(a: unknown) { return a; }`,
  ],
  ["test/unit/net/ip_test.ts", `let x = 1;`.replace("let", "const")],
];

for (const [place, source] of sound) {
  Deno.test(`no rule objects in ${place}: ${source.slice(0, 60).trim()}`, () => {
    assert.deepEqual(found(place, source), []);
  });
}
