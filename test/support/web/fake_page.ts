/** A document for the page's script that keeps texts and classes, and an event source by hand. */
import type { StatusDocument } from "../../../src/control/api.ts";

class FakeElement {
  className = "";
  hidden = false;
  readonly dataset = {};
  readonly classList = { toggle() {} };
  #children: readonly (FakeElement | string)[] = [];

  get children(): readonly FakeElement[] {
    return this.#children.filter((one) => one instanceof FakeElement);
  }

  get textContent(): string {
    return this.#children.map((one) => one instanceof FakeElement ? one.textContent : one).join("");
  }

  set textContent(text: string) {
    this.#children = [text];
  }

  append(...more: readonly (FakeElement | string)[]): void {
    this.#children = [...this.#children, ...more];
  }

  replaceChildren(...all: readonly (FakeElement | string)[]): void {
    this.#children = all;
  }

  /** Each part of the page has one that matters. */
  querySelector(): FakeElement {
    return this;
  }

  /** The classes of those below that begin with `first`. */
  classesOf(first: string): readonly string[] {
    const below = this.children.flatMap((one) => one.classesOf(first));
    return this.className.startsWith(first) ? [this.className, ...below] : below;
  }

  setAttribute(): void {}
  addEventListener(): void {}
}

/** The page with its script, which draws what it is given. */
export interface FakePage {
  /** A status comes. */
  readonly take: (status: StatusDocument) => void;
  /** What stands in the part with this id. */
  readonly text: (id: string) => string;
  /** The classes in the part with this id that begin with `first`. */
  readonly styles: (id: string, first: string) => readonly string[];
}

/** Runs the script once in this process; its timers do not run. */
export async function openPage(): Promise<FakePage> {
  const parts = new Map<string, FakeElement>();
  const part = (id: string) => {
    const found = parts.get(id) ?? new FakeElement();
    parts.set(id, found);
    return found;
  };
  let take: (message: { readonly data: string }) => void = () => {};
  const { setInterval } = globalThis;
  Object.assign(globalThis, {
    document: {
      ...{ title: "", body: new FakeElement(), getElementById: part },
      ...{ createElement: () => new FakeElement(), createElementNS: () => new FakeElement() },
    },
    EventSource: class {
      addEventListener(_: string, listener: typeof take): void {
        take = listener;
      }
      close(): void {}
    },
    fetch: () => Promise.resolve({ ok: false }),
    setInterval: () => 0,
  });
  await import("../../../src/web/page/script.js");
  Object.assign(globalThis, { setInterval });
  return {
    take(status) {
      take({ data: JSON.stringify({ ...status, orders: false }) });
    },
    text: (id) => part(id).textContent,
    styles: (id, first) => part(id).classesOf(first),
  };
}
