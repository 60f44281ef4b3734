/** Layouts as text. */
import type { Layout, Members } from "../../../src/wire/layout.ts";

/** The structure for people, one member per line: offset, size, kind, name. */
export function printLayout(structure: Layout<Members>): string {
  const lines = Object.entries(structure.members)
    .toSorted(([, a], [, b]) => a.offset - b.offset)
    .map(([name, { offset, size, kind }]) =>
      `${String(offset).padStart(4)} ${String(size).padStart(3)}  ${kind.padEnd(6)} ${name}`
    );
  return [`${structure.name}: ${structure.size} bytes`, ...lines].join("\n");
}
