/** Blocks that are read by keyword: what becomes of each directive is reported. */
import { keywordOf, type Statement } from "./statement.ts";
import {
  carried,
  changed,
  type ImportContext,
  switchIn,
  type Translation,
  valueOf,
} from "./translation.ts";

/** The statements of one or several blocks. */
export class Block {
  readonly #byKeyword: ReadonlyMap<string, readonly Statement[]>;

  constructor(readonly statements: readonly Statement[], readonly context: ImportContext) {
    this.#byKeyword = Map.groupBy(statements, keywordOf);
  }

  report(statement: Statement, translation: Translation): void {
    this.context.report(statement, translation);
  }

  has(keyword: string): boolean {
    return this.#byKeyword.has(keyword);
  }

  /** Those with a keyword, in the order of the file. */
  all(keyword: string): readonly Statement[] {
    return this.#byKeyword.get(keyword) ?? [];
  }

  /** The statements in the braces of those with a keyword. */
  inside(keyword: string): readonly Statement[] {
    return this.all(keyword).flatMap(({ block = [] }) => block);
  }

  /** The last one with a keyword: it is the one that counts. The others are reported. */
  last(keyword: string): Statement | undefined {
    const all = this.all(keyword);
    const last = all.at(-1);
    for (const statement of all.slice(0, -1)) {
      const why = `line ${last?.place.line} repeats it, and the last one counts`;
      this.report(statement, changed(why));
    }
    return last;
  }

  /** What the last one with a keyword means by its first argument; `absent`: there is none. */
  read<T, A = T>(
    keyword: string,
    absent: A,
    judge: (value: string | undefined, statement: Statement) => readonly [T, Translation],
  ): T | A {
    const statement = this.last(keyword);
    if (statement === undefined) return absent;
    const [meaning, translation] = judge(valueOf(statement), statement);
    this.report(statement, translation);
    return meaning;
  }

  /** Whether a switch is on, which then becomes `on`. */
  isOn(keyword: string, on: Translation): boolean {
    return this.read(
      keyword,
      false,
      (value) =>
        switchIn(value) === false ? [false, carried(undefined, "switched off")] : [true, on],
    );
  }
}
