import assert from "node:assert/strict";
import type { Layout, Members } from "../../src/wire/layout.ts";
import { golden } from "../support/golden.ts";
import { printLayout } from "../support/wire/print_layout.ts";

const WIRE = new URL("../../src/wire/", import.meta.url);

Deno.test("every layout on the wire, offset by offset", async () => {
  const layouts = await exportedLayouts();
  assert(layouts.length >= 9, `only ${layouts.length} layouts found`);
  const printed = layouts.map(printLayout).toSorted();
  await golden("layouts", printed.join("\n\n"));
});

/** All layouts that modules of src/wire/ export, so that a new one cannot be forgotten here. */
async function exportedLayouts(): Promise<readonly Layout<Members>[]> {
  const found: Layout<Members>[] = [];
  for await (const { name } of Deno.readDir(WIRE)) {
    const exports: Readonly<Record<string, unknown>> = await import(new URL(name, WIRE).href);
    found.push(...Object.values(exports).filter(isLayout));
  }
  return found;
}

function isLayout(value: unknown): value is Layout<Members> {
  return typeof value === "object" && value !== null && "members" in value && "fits" in value;
}
