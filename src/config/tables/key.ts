/** A key of a table: what it is for, what holds without it, and the types that follow from it. */
import * as v from "valibot";
import { assert } from "../../assert.ts";
import type { Path } from "../problem.ts";
import { writeKey, writeValue } from "../toml_text.ts";

/** A single value, or a list of them. */
export interface ValueType<T> {
  readonly kind: "value";
  /** Turns the TOML value into ours, or says no. */
  readonly schema: v.GenericSchema<unknown, T>;
  /** What it accepts, in words that follow "must be". */
  readonly form: string;
  /** The value for a sentence. */
  show(value: T): string;
  /** Of a list: the type of an entry. */
  readonly entry?: ValueType<unknown>;
  /** Knows more of a wrong value of the key `name` than that it has not the form. */
  readonly fault?: (written: unknown, name: string) => Fault | undefined;
}

/** What is wrong with a value. */
export interface Fault {
  /** Words that follow it: "has no port". Undefined: it has not the form. */
  readonly what?: string;
  /** The corrected line, or what to do. */
  readonly fix?: string;
}

/** A table with keys of its own. With `short`, a text stands for { SHORT = TEXT }. */
export interface TableType<K extends Keys = Keys> {
  readonly kind: "table";
  readonly form: string;
  readonly keys: K;
  readonly short?: string;
}

/** A list of such tables, each of which may be a text that stands for { SHORT = TEXT }. */
export interface EntriesType<K extends Keys = Keys> {
  readonly kind: "entries";
  readonly form: string;
  readonly keys: K;
  readonly short: string;
  /** An entry for a sentence. */
  show(entry: Settings<K>): string;
}

/** Tables with a name each: [instance.web]. */
export interface NamedType<K extends Keys = Keys> {
  readonly kind: "named";
  readonly form: string;
  readonly keys: K;
  /** The header of one. */
  readonly header: string;
}

/** Any of them. */
export type Type = ValueType<unknown> | TableType | EntriesType | NamedType;

/** One key. Problems, manual pages, completions and settings are made of it. */
export interface Key {
  readonly type: Type;
  /** May `guess`, which the type accepts, be offered in the place of a wrong value? */
  readonly offers?: (guess: unknown) => boolean;
  /** The value that holds where the key is not written, as TOML has it. */
  readonly default?: unknown;
  /**
   * What holds where the key is not written, in words. Without this and `default` it must be
   * written.
   */
  readonly absent?: string;
  /** What it is for, one sentence. */
  readonly what: string;
  /** Why a wrong value matters, one sentence. */
  readonly why: string;
  /** A value as TOML has it; the default where there is none. */
  readonly example?: unknown;
  /**
   * The example can stand in a file as it is; what to mind about it then, or "". Undefined: it is
   * an example only.
   */
  readonly remark?: string;
  /** What it is called where something is wrong with a secret value. */
  readonly title?: string;
  /** Words that users of other programs write instead. */
  readonly synonyms?: readonly string[];
  /** Its value is never shown. */
  readonly secret?: true;
  /** Its value may be a secret: a reload says only that it changed. */
  readonly discreet?: true;
  /** The word for an entry of the list, where a reload says which came and went. */
  readonly entryWord?: string;
  /** The name of its setting, where that is not the key's in camel case. */
  readonly as?: string;
  /** It has an effect only beside one of these keys. */
  readonly of?: readonly string[];
}

/** The keys of one table. */
export type Keys = Readonly<Record<string, Key>>;

/** A table as far as it could be read. */
export interface TableDraft<K extends Keys = Keys> {
  /** "" where it has none. */
  readonly name: string;
  readonly path: Path;
  /** As it is written, with all keys that are not known. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** A key that is not written is missing; one that could not be read is there, and undefined. */
  readonly keys: Draft<K>;
  /**
   * Where the value of a key is: that of a table's `short` is where the text is that stands for the
   * table.
   */
  readonly pathOf: (key: keyof K & string) => Path;
}

/** The keys of a table as far as they could be read. */
export type Draft<K extends Keys> = { readonly [N in keyof K]?: DraftOf<K[N]["type"]> };

type DraftOf<T> = T extends ValueType<infer O> ? Holey<O>
  : T extends TableType<infer K> ? TableDraft<K>
  : T extends EntriesType<infer K> | NamedType<infer K> ? readonly TableDraft<K>[]
  : never;

/**
 * Of a list, an entry that could not be read is undefined, so that the others keep their places.
 */
type Holey<O> = O extends readonly (infer E)[] ? readonly (E | undefined)[] : O;

/** What a table says, defaults filled in. */
export type Settings<K extends Keys> = {
  readonly [N in keyof K & string as FieldOf<N, K[N]>]: SettingOf<K[N]>;
};

/** What a table with a name says. */
export type Named<K extends Keys> = { readonly name: string } & Settings<K>;

type SettingOf<K extends Key> = K extends { readonly default: unknown } ? OutputOf<K["type"]>
  : K extends { readonly absent: string } ? OutputOf<K["type"]> | undefined
  : OutputOf<K["type"]>;

type OutputOf<T> = T extends ValueType<infer O> ? O
  : T extends TableType<infer K> ? Settings<K>
  : T extends EntriesType<infer K> ? readonly Settings<K>[]
  : T extends NamedType<infer K> ? readonly Named<K>[]
  : never;

type FieldOf<N extends string, K> = K extends { readonly as: infer A extends string } ? A
  : Camel<N>;

type Camel<N extends string> = N extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : N;

/** The name of a key's setting. */
export function fieldOf(name: string, key: Key): string {
  return key.as ?? name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Must it be written? */
export function isRequired(key: Key): boolean {
  return key.default === undefined && key.absent === undefined;
}

/** What holds where it is not written, as TOML or in words; undefined: it must be written. */
export function defaultText(key: Key): string | undefined {
  return key.absent ?? (key.default === undefined ? undefined : writeValue(key.default));
}

/** An example as TOML. */
export function exampleText(key: Key): string {
  return writeValue(key.example ?? key.default);
}

/** What is wanted, in words and with an example that is plainly one. */
export function wantedLine(name: string, key: Key): string {
  const { form } = key.type;
  return form.includes("such as")
    ? `write ${form}`
    : `write ${form}, such as ${writeKey(name)} = ${exampleText(key)}`;
}

/** What `draft`, in which nothing is wrong, says. */
export function settingsOf<K extends Keys>(keys: K, draft: Draft<K>): Settings<K> {
  const written: Readonly<Record<string, unknown>> = draft;
  return Object.fromEntries(
    Object.entries(keys).map(([name, key]) => [
      fieldOf(name, key),
      written[name] === undefined ? defaultOf(key) : settingOf(key.type, written[name]),
    ]),
  ) as Settings<K>;
}

function settingOf(type: Type, value: unknown): unknown {
  if (type.kind === "value") return value;
  if (type.kind === "table") return settingsOf(type.keys, (value as TableDraft).keys);
  return (value as readonly TableDraft[]).map(({ name, keys }) => ({
    ...(type.kind === "named" ? { name } : {}),
    ...settingsOf(type.keys, keys),
  }));
}

/** The setting where the key is not written: an empty list stands for none. */
function defaultOf(key: Key): unknown {
  const { type } = key;
  if (key.default === undefined) {
    assert(key.absent !== undefined, "a required key that is missing is a problem");
    return undefined;
  }
  if (type.kind === "table") return settingsOf(type.keys, {});
  if (type.kind !== "value" || Array.isArray(key.default)) return [];
  return v.parse(type.schema, key.default);
}
