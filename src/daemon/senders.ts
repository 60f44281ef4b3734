/** The newest few of senders, which any machine on the LAN can invent. */

/** Most senders remembered per virtual router. */
const MOST_SENDERS = 32;

/**
 * Keeps `value` under `key`, and the newest `most` entries: the one that was not renewed for
 * longest goes first.
 */
export function putNewest<T>(
  memory: Map<string, T>,
  key: string,
  value: T,
  most = MOST_SENDERS,
): void {
  memory.delete(key);
  memory.set(key, value);
  if (memory.size <= most) return;
  for (const oldest of memory.keys()) {
    memory.delete(oldest);
    return;
  }
}
