/** The decoded file: sound in itself, not yet held against a machine. */
import type { CheckSettings } from "./tables/check.ts";
import type { NodeEntry } from "./tables/node.ts";
import type { PlainSettings } from "./tables/root.ts";

/** A whole configuration file: what each table says is derived from its keys. */
export interface Config extends PlainSettings {
  /** [nodes] in the order of the file: who takes part, the same on every node. */
  readonly nodes: readonly NodeEntry[];
  /** [check.NAME] in the order of the file, those that no instance uses among them. */
  readonly checks: readonly CheckSettings[];
}
