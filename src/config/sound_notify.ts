/** Can everybody be told whom [notify] names? Commands that can run, and URLs that can be opened. */
import { COMMANDS, type NotifyDraft } from "./drafts_notify.ts";
import type { Path, Problem } from "./problem.ts";
import type { Report } from "./problem_list.ts";
import { MQTT, NTFY, WEBHOOK } from "./tables/notify.ts";
import { checkCommand } from "./tables/command.ts";
import { readUrl } from "./target.ts";
import { writeHeader } from "./toml_text.ts";

/** Reports what is unsound about one [notify]; keys that could not be read are taken as unknown, not as wrong. */
export function checkNotify(draft: NotifyDraft, report: Report): void {
  const { path, keys, webhook, ntfy, mqtt } = draft;
  for (const name of COMMANDS) {
    const argv = keys[name];
    if (argv !== undefined) checkCommand(argv, [...path, name], report);
  }
  checkUrl(webhook, "webhook", ["http", "https"], WEBHOOK.url.example, report);
  checkUrl(ntfy, "ntfy", ["https", "http"], NTFY.url.example, report);
  checkUrl(mqtt, "mqtt", ["mqtt", "mqtts"], MQTT.url.example, report);
  checkBroker(draft, report);
  checkTopic(draft, report);
  checkUser(draft, report);
  if (draft.empty) report(nobody(path));
}

/** A URL may carry a password or be a secret as a whole: it is never shown. */
function checkUrl(
  sink: { readonly urlPath: Path; readonly keys: { readonly url?: string } } | undefined,
  name: string,
  schemes: readonly [string, ...string[]],
  example: string,
  report: Report,
): void {
  const url = sink?.keys.url;
  if (sink === undefined || url === undefined) return;
  const target = readUrl(url, schemes);
  if (target.kind === "url") return;
  report({
    severity: "error",
    path: sink.urlPath,
    at: "value",
    what: `the URL of ${name} ${target.what}`,
    why: "Nobody would be told.",
    fix: `write it whole, such as ${sink.urlPath.at(-1)} = ${example}`,
  });
}

/** Servers of ntfy answer a post to no topic with an error each time. */
function checkTopic({ ntfy }: NotifyDraft, report: Report): void {
  const url = ntfy?.keys.url;
  if (ntfy === undefined || url === undefined || readUrl(url, ["https", "http"]).kind === "wrong") {
    return;
  }
  if (/^[^/]+\/\/[^/?#]+\/[^/?#]+/.test(url)) return;
  report({
    severity: "error",
    path: ntfy.urlPath,
    at: "value",
    what: "the URL of ntfy has no topic",
    why: "The server would not know for whom the message is.",
    fix: `write it whole, such as ${ntfy.urlPath.at(-1)} = ${NTFY.url.example}`,
  });
}

/** What a URL may carry and a broker's does not, and keys that have no effect alone. */
function checkBroker({ mqtt }: NotifyDraft, report: Report): void {
  const url = mqtt?.keys.url;
  if (mqtt === undefined || url === undefined) return;
  if (readUrl(url, ["mqtt", "mqtts"]).kind === "wrong") return;
  const { pathname, search, hash, protocol, username, password } = new URL(url);
  const ofUrl = {
    severity: "error",
    path: mqtt.urlPath,
    at: "value",
    fix: `write host and port only, such as ${mqtt.urlPath.at(-1)} = ${MQTT.url.example}`,
  } as const;
  if (pathname.length > 1 || search !== "" || hash !== "") report({ ...ofUrl, ...BROKER_PATH });
  if (/%(?![0-9a-f]{2})/i.test(username + password)) report({ ...ofUrl, ...BROKER_ESCAPE });
  const written = "password" in mqtt.keys;
  if ((mqtt.keys.user ?? username) === "" && (password !== "" || written)) {
    report(
      written ? { ...NO_USER, severity: "error", path: [...mqtt.path, "password"], at: "key" } : {
        ...ofUrl,
        ...NO_USER,
        fix: "write user and password in keys of their own",
      },
    );
  }
  if (mqtt.keys.ca !== undefined && protocol !== "mqtts:") {
    report({ severity: "error", path: [...mqtt.path, "ca"], at: "key", ...NO_TLS });
  }
}

const BROKER_PATH = {
  what: "the URL of mqtt has something behind host and port, and a broker has no pages",
  why: "It would be ignored: topics have a key of their own, topic.",
};
const BROKER_ESCAPE = {
  what: "the user or password in the URL of mqtt has a % that begins no escape",
  why: "The broker would be told another one.",
  fix: "write user and password in keys of their own",
};
const NO_USER = {
  what: "mqtt has a password and no user",
  why: "MQTT knows no password without a user name (MQTT 3.1.1, 3.1.2.9).",
  fix: "write user, the name that the broker knows",
};
const NO_TLS = {
  what: "ca has no effect without mqtts",
  why: "Over mqtt:// nothing is encrypted, and nobody shows a certificate.",
  fix: "remove it, or write mqtts:// in the URL",
};

function checkUser({ keys, path }: NotifyDraft, report: Report): void {
  if (keys.user === undefined || COMMANDS.some((name) => name in keys)) return;
  report({
    severity: "warning",
    path: [...path, "user"],
    at: "key",
    what: "user has no effect without a command",
    why: "It says who runs the commands.",
    fix: "remove it",
  });
}

function nobody(path: Path): Problem {
  return {
    severity: "warning",
    path,
    at: "key",
    what: `${writeHeader(path)} names nobody`,
    why: "Nobody is told of changes.",
    fix: 'command = ["/etc/floatip/notify"]',
  };
}
