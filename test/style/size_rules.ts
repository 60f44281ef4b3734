/** Lint rules for sizes and doc comments. */

/** Lines of a file, and of a function, that nothing may exceed. */
export const limits = { file: 400, function: 60 };

/** What may be longer, each with the reason: a file's place, or "place#function". */
const exemptions: Readonly<Record<string, string>> = {};

function isExempt(context: Deno.lint.RuleContext, name?: string): boolean {
  const suffix = name === undefined ? "" : `#${name}`;
  return Object.keys(exemptions).some((place) => `${context.filename}${suffix}`.endsWith(place));
}

function linesIn(text: string): number {
  return text.trimEnd().split("\n").length;
}

/** No file longer than {@link limits}. */
export const fileSize: Deno.lint.Rule = {
  create(context) {
    return {
      Program(node) {
        const lines = linesIn(context.sourceCode.text);
        if (lines <= limits.file || isExempt(context)) return;
        context.report({ node, message: `${lines} lines: more than ${limits.file}` });
      },
    };
  },
};

type AnyFunction =
  | Deno.lint.FunctionDeclaration
  | Deno.lint.FunctionExpression
  | Deno.lint.ArrowFunctionExpression;

/** No function longer than {@link limits}, comments inside it included. */
export const functionSize: Deno.lint.Rule = {
  create(context) {
    const judge = (node: AnyFunction): void => {
      const lines = linesIn(context.sourceCode.getText(node));
      if (lines <= limits.function || isExempt(context, nameOf(node))) return;
      context.report({
        node,
        message: `a function of ${lines} lines: more than ${limits.function}`,
      });
    };
    return {
      FunctionDeclaration: judge,
      FunctionExpression: judge,
      ArrowFunctionExpression: judge,
    };
  },
};

function nameOf(node: AnyFunction): string {
  if (node.type !== "ArrowFunctionExpression" && node.id !== null) return node.id.name;
  const parent = node.parent;
  const isMember = parent.type === "MethodDefinition" || parent.type === "Property";
  if (isMember && parent.key.type === "Identifier") return parent.key.name;
  if (parent.type === "VariableDeclarator" && parent.id.type === "Identifier") {
    return parent.id.name;
  }
  return "";
}

/** Every export has a JSDoc comment. */
export const documented: Deno.lint.Rule = {
  create(context) {
    const judge = (node: Deno.lint.Node): void => {
      const start = node.range[0];
      const before = context.sourceCode.text.slice(0, start).trimEnd();
      // A line comment for the linter or for coverage may stand between.
      const code = before.replace(/(?:\n\s*\/\/[^\n]*)+$/, "").trimEnd();
      const comment = code.lastIndexOf("/*");
      // The first comment is the module's own.
      if (code.endsWith("*/") && code.startsWith("/**", comment) && comment > 0) return;
      context.report({ node, message: "an export says in /** JSDoc */ what it is" });
    };
    return {
      ExportNamedDeclaration(node) {
        if (node.declaration !== null && !isLaterOverload(node)) judge(node);
      },
      ExportDefaultDeclaration(node) {
        if (node.declaration.type !== "Identifier") judge(node);
      },
    };
  },
};

/**
 * The second and further signatures of one function, and its body, need no comment of their own.
 */
function isLaterOverload(node: Deno.lint.ExportNamedDeclaration): boolean {
  const name = functionName(node);
  if (name === undefined || node.parent.type !== "Program") return false;
  const index = node.parent.body.findIndex((one) => one.range[0] === node.range[0]);
  const before = node.parent.body[index - 1];
  return before?.type === "ExportNamedDeclaration" && functionName(before) === name;
}

function functionName(node: Deno.lint.ExportNamedDeclaration): string | undefined {
  const declaration = node.declaration;
  if (declaration?.type !== "FunctionDeclaration" && declaration?.type !== "TSDeclareFunction") {
    return undefined;
  }
  return declaration.id?.name;
}
