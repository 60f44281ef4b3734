/** Which password do adverts carry? auth_type PASS and the first eight bytes of auth_pass, under VRRPv2. */
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import type { TomlEntry } from "./toml.ts";
import { directivesOf, lastOf, valueOf } from "./values.ts";
import type { ImportContext } from "./context.ts";
import { altered, carried, changed, type Translation, unsupported } from "./translation.ts";

/** What VRRPv2 carries of a password, in bytes (RFC 2338 5.3.10). */
const MOST = 8;

const KNOWN = ["auth_type", "auth_pass"];

/** The entry `auth` of an instance, or none; the blocks `authentication` are judged. */
export function authEntries(
  blocks: readonly Statement[],
  version: 2 | 3,
  strict: boolean,
  context: ImportContext,
): readonly TomlEntry[] {
  const { report, unknown } = context;
  const inner = blocks.flatMap(({ block = [] }) => block);
  const directives = directivesOf(inner);
  const type = lastOf(directives, "auth_type", report);
  const pass = lastOf(directives, "auth_pass", report);
  for (const statement of inner) {
    if (!KNOWN.includes(keywordOf(statement))) report(statement, unknown(statement, KNOWN));
    judgeRest(statement, context);
  }
  const say = (translation: Translation): readonly TomlEntry[] => {
    for (const block of blocks) report(block, translation);
    for (const statement of inner) report(statement, { ...translation, matters: false });
    return [];
  };
  if (blocks.length === 0) return [];
  if (version === 3) return say(changed("VRRPv3 has no password, and keepalived ignores it"));
  if (strict) return say(changed("keepalived ignores it because of vrrp_strict"));
  const kind = valueOf(type);
  if (kind === "AH") return say(AH);
  if (kind !== "PASS") {
    return say(altered("without auth_type PASS keepalived sends no password, nor expects one"));
  }
  const text = valueOf(pass) ?? "";
  if (pass === undefined || text === "") {
    return say(altered("without a password keepalived sends none, and expects none"));
  }
  const password = cutPassword(text);
  if (password === undefined) {
    return say(unsupported(
      "the eighth byte of the password is in the middle of a letter, or it has control characters",
      "another password of 1 to 8 plain characters, on all nodes",
    ));
  }
  for (const block of blocks) report(block, carried("auth = { pass = ... }"));
  if (type !== undefined) report(type, carried("auth"));
  report(pass, passVerdict(text, password, pass.cut));
  return [["auth", { pass: password }]];
}

const AH = unsupported(
  "floatip does not speak the Authentication Header; RFC 3768 has taken it out of VRRP in 2004",
  "auth_type PASS on all nodes, or none",
);

/** One line may hold one word only: the others are not read. */
function judgeRest(statement: Statement, { report }: ImportContext): void {
  const [, ...rest] = argumentsOf(statement);
  if (rest.length === 0) return;
  report(
    statement,
    rest.some((word) => KNOWN.includes(word))
      ? unsupported(
        "keepalived takes one directive a line, and does not read the rest",
        "write each on a line of its own",
      )
      : changed("keepalived takes the first word only"),
  );
}

/** The first {@link MOST} bytes of `text`; undefined: they are no text, or none that can be written down. */
function cutPassword(text: string): string | undefined {
  const bytes = new TextEncoder().encode(text).subarray(0, MOST);
  const cut = new TextDecoder().decode(bytes);
  return cut.includes("\ufffd") || /\p{Cc}/u.test(cut) ? undefined : cut;
}

function passVerdict(text: string, password: string, comment: boolean): Translation {
  const to = "auth = { pass = ... }";
  if (comment) {
    return changed(
      "a ! or # begins a comment, also inside a word: the password ends before it",
      to,
    );
  }
  if (text === password) return carried(to);
  return changed(
    `its first ${MOST} bytes are kept: VRRPv2 carries no more, and keepalived cuts there, too`,
    to,
  );
}
