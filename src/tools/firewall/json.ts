/** How is JSON of unknown making looked into? Without believing that anything is there. */

/** An object whose members are not known. */
export type Json = Readonly<Record<string, unknown>>;

/** Is it an object, and no list? */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text or number of a member as text; "" where there is none. */
export function textIn(object: Json, name: string): string {
  const value = object[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The list of a member; empty where there is none. */
export function listIn(object: Json, name: string): readonly unknown[] {
  const value = object[name];
  return Array.isArray(value) ? value : [];
}
