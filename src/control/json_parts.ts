/** JSON in parts, so that others on the thread have their turns while a large document is made. */

/** The text of an object that JSON has, as JSON.stringify writes it; of its lists each element. */
export function* jsonParts(document: object): Generator<string> {
  let before = "{";
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) continue;
    yield `${before}${JSON.stringify(key)}:`;
    before = ",";
    if (Array.isArray(value)) yield* listParts(value);
    else yield JSON.stringify(value);
  }
  yield before === "{" ? "{}" : "}";
}

function* listParts(list: readonly unknown[]): Generator<string> {
  yield "[";
  for (const [index, element] of list.entries()) {
    yield `${index === 0 ? "" : ","}${JSON.stringify(element)}`;
  }
  yield "]";
}
