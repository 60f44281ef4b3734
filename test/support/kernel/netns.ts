/** The test's own process in a network namespace, by setns(2) around each call. */
import type { Fence, Host } from "../../../src/host.ts";
import { LinuxHost } from "../../../src/linux/linux_host.ts";
import { cString, LIBC_PATHS } from "../../../src/linux/libc.ts";
import { missing, nameWith } from "../lab/prerequisites.ts";

const CLONE_NEWNET = 0x40000000;

const SYMBOLS = {
  // int setns(int fd, int nstype);
  setns: { parameters: ["i32", "i32"], result: "i32" },
  // FILE *fopen(const char *pathname, const char *mode);
  fopen: { parameters: ["buffer", "buffer"], result: "pointer" },
  // int fileno(FILE *stream);
  fileno: { parameters: ["pointer"], result: "i32" },
  // int fclose(FILE *stream);
  fclose: { parameters: ["pointer"], result: "i32" },
} as const;

/**
 * Registers a test that needs root, iproute2 and `programs`; where they are missing it is skipped,
 * and its name says why.
 */
export function kernelTest(
  name: string,
  run: () => void | Promise<void>,
  ...programs: readonly string[]
): void {
  const reason = missing(...programs);
  Deno.test({
    ...nameWith(name, reason),
    fn: async () => await run(),
  });
}

/** A network namespace that this thread can step into. */
export class Namespace implements Disposable {
  readonly #libc: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #inside: Deno.PointerValue;
  readonly #outside: Deno.PointerValue;

  /** `name` as `ip netns` shows it. */
  constructor(readonly name: string) {
    this.#libc = openLibc();
    this.#inside = this.#open(`/run/netns/${name}`);
    this.#outside = this.#open("/proc/thread-self/ns/net");
  }

  /** Calls `act` inside. It must be over when it returns: a promise would go on outside. */
  run<T>(act: () => T): T {
    this.#enter(this.#inside);
    try {
      return act();
    } finally {
      this.#enter(this.#outside);
    }
  }

  [Symbol.dispose](): void {
    for (const file of [this.#inside, this.#outside]) this.#libc.symbols.fclose(file);
    this.#libc.close();
  }

  #open(path: string): Deno.PointerValue {
    const file = this.#libc.symbols.fopen(cString(path), cString("r"));
    if (file === null) throw new Error(`cannot open ${path}`);
    return file;
  }

  #enter(file: Deno.PointerValue): void {
    const { setns, fileno } = this.#libc.symbols;
    if (setns(fileno(file), CLONE_NEWNET) !== 0) throw new Error(`cannot enter ${this.name}`);
  }
}

/** A LinuxHost that lives in a namespace. */
export type NamespacedHost = Host & Disposable & {
  readonly namespace: Namespace;
  /** The host itself, for calls that are made inside already. */
  readonly direct: LinuxHost;
};

/** Opens a LinuxHost in the namespace called `name`; each of its calls is made there. */
export function hostIn(name: string): NamespacedHost {
  const namespace = new Namespace(name);
  const host = namespace.run(() => new LinuxHost());
  const fence = fenceIn(namespace, host.fence);
  return new Proxy(host as unknown as NamespacedHost, {
    get(_target, key) {
      if (key === "namespace") return namespace;
      if (key === "direct") return host;
      if (key === "fence") return fence;
      const member: unknown = Reflect.get(host, key, host);
      if (typeof member !== "function") return member;
      // What waiting opens it opens at once; it is not over when it returns.
      return (...args: unknown[]) => {
        try {
          return namespace.run(() => member.apply(host, args));
        } finally {
          if (key === Symbol.dispose) namespace[Symbol.dispose]();
        }
      };
    },
  });
}

function fenceIn(namespace: Namespace, fence: Fence): Fence {
  return {
    settle: (settings) => namespace.run(() => fence.settle(settings)),
    keepOpen: (addresses, times) => namespace.run(() => fence.keepOpen(addresses, times)),
    look: () => namespace.run(() => fence.look()),
    forget: (addresses) => namespace.run(() => fence.forget(addresses)),
    get state() {
      return fence.state;
    },
  };
}

function openLibc(): Deno.DynamicLibrary<typeof SYMBOLS> {
  for (const path of LIBC_PATHS) {
    try {
      return Deno.dlopen(path, SYMBOLS);
    } catch {
      // The next one is this machine's.
    }
  }
  throw new Error("no libc");
}
