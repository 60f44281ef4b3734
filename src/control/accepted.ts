/** Connections of a listener, one after the other. */
import { sleep } from "../async.ts";

/** From one to the next, in milliseconds: a flood waits in the kernel. */
const PACE_MS = 5;

/**
 * The connections that `listener` accepts, until `isOver`. That a client has gone before it was
 * accepted, or that no descriptor is free for a while, is no end.
 */
export async function* accepted<T>(
  listener: { accept(): Promise<T> },
  isOver: () => boolean,
): AsyncGenerator<T, void, void> {
  while (!isOver()) {
    const connection = await listener.accept().catch(() => undefined);
    if (connection !== undefined) yield connection;
    await sleep(PACE_MS);
  }
}
