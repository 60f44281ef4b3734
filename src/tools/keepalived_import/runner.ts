/** Who runs commands? A user, and a group that floatip leaves to the user. */
import { showName, writeValue } from "../../config/toml_text.ts";
import { accepts } from "../../config/tables/types.ts";
import { CHECK } from "../../config/tables/check.ts";
import { argumentsOf, type Statement } from "./statement.ts";
import { altered, carried, changed, type Report, type Translation } from "./translation.ts";

/** Can a user have this name? */
export function isUser(name: string): boolean {
  return accepts(CHECK.user.type, name);
}

/** Who runs commands. */
export interface ScriptUser {
  readonly user: string;
  readonly group: string | undefined;
}

/** The user and group behind `user` or `script_user`, judged; undefined: none that could be. */
export function scriptUserIn(statement: Statement, report: Report): ScriptUser | undefined {
  const [user = "", group] = argumentsOf(statement);
  if (!isUser(user)) {
    report(statement, altered(`${showName(user)} is no name of a user, and does not count`));
    return undefined;
  }
  report(statement, userVerdict(user, group));
  return { user, group };
}

function userVerdict(user: string, group: string | undefined): Translation {
  const to = `user = ${writeValue(user)}`;
  return group === undefined || group === user
    ? carried(to)
    : changed("floatip runs it with the user's own groups", to);
}
