/** What is kept of senders that anybody on the LAN can invent? The newest few. */

/** Most senders remembered per virtual router. */
const MOST_SENDERS = 32;

/** Keeps `value` under `key`, and the newest `MOST_SENDERS` entries: the one that was not renewed for longest goes first. */
export function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size <= MOST_SENDERS) return;
  for (const oldest of memory.keys()) {
    memory.delete(oldest);
    return;
  }
}
