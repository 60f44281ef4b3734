/**
 * Watch for the ends of processes: the kernel tells of each at once, by a descriptor for it
 * (pidfd_open(2)).
 */
import { ESRCH } from "./errno.ts";
import type { Libc } from "./libc.ts";
import type { Poller } from "./poller.ts";

interface Watched {
  readonly pid: number;
  readonly fd: number;
}

/**
 * Watches one process for each name. Needs no right; where libc has no pidfd_open (before glibc
 * 2.36), nothing is watched.
 */
export class ExitWatch implements Disposable {
  readonly #libc: Libc;
  readonly #poller: Poller;
  readonly #watched = new Map<string, Watched>();
  /** Names whose process was gone before it could be watched. */
  readonly #gone = new Set<string>();

  constructor(libc: Libc, poller: Poller) {
    this.#libc = libc;
    this.#poller = poller;
  }

  /** From now on `name` stands for the process `pid`; again with the same: nothing. */
  watch(name: string, pid: number): void {
    if (this.#watched.get(name)?.pid === pid) return;
    this.forget(name);
    const fd = this.#libc.pidfdOpen(pid);
    if (fd === -ESRCH) {
      this.#gone.add(name);
      this.#poller.wake();
    }
    if (fd < 0) return;
    this.#watched.set(name, { pid, fd });
    this.#poller.add(fd);
  }

  /** `name` stands for nothing any more. */
  forget(name: string): void {
    const before = this.#watched.get(name);
    if (before === undefined) return;
    this.#watched.delete(name);
    this.#poller.remove(before.fd);
    this.#libc.close(before.fd);
  }

  /** The names whose process has ended, each once; they are forgotten. */
  drain(ready: ReadonlySet<number>): readonly string[] {
    if (this.#gone.size === 0 && (ready.size === 0 || this.#watched.size === 0)) return [];
    const ended = [...this.#watched].filter(([, { fd }]) => ready.has(fd)).map(([name]) => name);
    for (const name of ended) this.forget(name);
    const gone = [...this.#gone];
    this.#gone.clear();
    return [...ended, ...gone];
  }

  [Symbol.dispose](): void {
    for (const name of [...this.#watched.keys()]) this.forget(name);
  }
}
