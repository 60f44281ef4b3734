/** A program for `[notify] command` that writes its arguments down. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";

/** A program for one daemon, and what it was called with. */
export class Hook implements Disposable {
  readonly #folder = mkdtempSync("/tmp/fl-hook-");

  constructor() {
    const script = `#!/bin/sh\necho "$@" >> ${this.#folder}/calls\n`;
    writeFileSync(this.path, script, { mode: 0o700 });
  }

  /** The program's file. */
  get path(): string {
    return `${this.#folder}/told`;
  }

  /** Each call's words, oldest first: "INSTANCE web MASTER 200". */
  get calls(): readonly string[] {
    const file = `${this.#folder}/calls`;
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
