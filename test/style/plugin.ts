/**
 * The rules of this code as a `deno lint` plugin, so that the editor underlines what breaks one.
 */
import { documented, fileSize, functionSize } from "./size_rules.ts";
import { homes, impureNames, isPure, refusal } from "./strata.ts";

const root = new URL("../../", import.meta.url).pathname;

/** The file's place in the checkout: "src/vrrp/rules.ts". */
export function placeOf(filename: string): string {
  return filename.startsWith(root) ? filename.slice(root.length) : filename;
}

type ImportLike =
  | Deno.lint.ImportDeclaration
  | Deno.lint.ExportNamedDeclaration
  | Deno.lint.ExportAllDeclaration;

const strata: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    const judge = (node: Deno.lint.Node, specifier: unknown, typesOnly: boolean): void => {
      if (typeof specifier !== "string") return;
      const message = refusal(place, specifier, typesOnly);
      if (message !== undefined) {
        context.report({ node, message, hint: "see docs/internals/architecture.md" });
      }
    };
    const judgeStatement = (node: ImportLike): void =>
      judge(node, node.source?.value, isTypesOnly(node));
    return {
      ImportDeclaration: judgeStatement,
      ExportNamedDeclaration: judgeStatement,
      ExportAllDeclaration: judgeStatement,
      ImportExpression(node) {
        if (node.source.type === "Literal") judge(node, node.source.value, false);
      },
    };
  },
};

function isTypesOnly(node: ImportLike): boolean {
  if (node.type === "ImportDeclaration") {
    return node.importKind === "type" ||
      (node.specifiers.length > 0 &&
        node.specifiers.every((one) =>
          one.type === "ImportSpecifier" && one.importKind === "type"
        ));
  }
  return node.exportKind === "type";
}

const pure: Deno.lint.Rule = {
  create(context) {
    if (!isPure(placeOf(context.filename))) return {};
    return {
      Identifier(node) {
        if (!impureNames.has(node.name) || isOnlyAName(node)) return;
        context.report({
          node,
          message: `${node.name} in pure code: clock, chance and machine come in as values`,
        });
      },
      "MemberExpression[object.name='Math'][property.name='random']"(node: Deno.lint.Node) {
        context.report({ node, message: "Math.random in pure code: take a seeded source" });
      },
    };
  },
};

/** `x.process`, `{ process: 1 }` and the like: a name of ours, not the global. */
function isOnlyAName(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
    case "PropertyDefinition":
    case "MethodDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return parent.key === node && !parent.computed;
    case "ImportSpecifier":
    case "TSQualifiedName":
      return true;
    default:
      return false;
  }
}

const oneHome: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (place !== "main.ts" && !place.startsWith("src/")) return {};
    return {
      MemberExpression(node) {
        if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
        const name = `${node.object.name}.${node.property.name}`;
        const home = homes[name];
        if (home === undefined || home === place) return;
        context.report({ node, message: `${name} belongs in ${home} alone` });
      },
    };
  },
};

const noEnum = forbid(
  "TSEnumDeclaration",
  "no enum: a union of words needs no code and prints itself",
);
const noAny = forbid("TSAnyKeyword", "no any: unknown, and a check");
const noBang = forbid("TSNonNullExpression", "no `!`: look, or assert with a reason");
const noModuleLet = forbid(
  "Program > VariableDeclaration[kind!='const'], " +
    "Program > ExportNamedDeclaration > VariableDeclaration[kind!='const']",
  "no module variable: state belongs to something with a lifetime",
);

/** A rule that reports every node which the selector finds. */
function forbid(selector: string, message: string): Deno.lint.Rule {
  return {
    create(context) {
      return {
        [selector](node: Deno.lint.Node) {
          context.report({ node, message });
        },
      };
    },
  };
}

const noBarrel: Deno.lint.Rule = {
  create(context) {
    const report = (node: Deno.lint.Node): void =>
      context.report({ node, message: "no barrel: import from the file that says it" });
    return {
      ExportAllDeclaration: report,
      ExportNamedDeclaration(node) {
        if (node.source !== null) report(node);
      },
    };
  },
};

const drawers = /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/;

const noDrawer: Deno.lint.Rule = {
  create(context) {
    return {
      Program(node) {
        if (!drawers.test(placeOf(context.filename))) return;
        context.report({ node, message: "no drawers: name the file after what it is about" });
      },
    };
  },
};

/** The rules by name: `deno lint` shows them as house/NAME. */
const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    strata,
    pure,
    "one-home": oneHome,
    "no-enum": noEnum,
    "no-any": noAny,
    "no-bang": noBang,
    "no-module-let": noModuleLet,
    "no-barrel": noBarrel,
    "no-drawer": noDrawer,
    "file-size": fileSize,
    "function-size": functionSize,
    documented,
  },
};
export default plugin;
