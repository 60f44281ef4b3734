/** [notify], and `notify` of an instance: the commands and services that are told about changes. */
import * as v from "valibot";
import { error, type Path, type Problem, type Rule, warning } from "../problem.ts";
import { writeHeader } from "../toml_text.ts";
import { argv, commandProblems } from "./command.ts";
import { exampleText, type Key, type Keys, type Settings, type TableDraft } from "./key.ts";
import { duration, flag, line, table, text, url, wholeNumber } from "./types.ts";

const URL_KEY = {
  what: "The address to send to.",
  why: "No message would be sent.",
  secret: true,
} as const;

const RETRIES = {
  type: wholeNumber(0, 20),
  default: 5,
  what: "How often to try again, with longer and longer pauses between.",
  why: "A service that is down for a moment would miss the change.",
  synonyms: ["retry", "attempts"],
} as const;

/** webhook = { ... }; a text is the same as { url = TEXT }. */
export const WEBHOOK = {
  url: {
    ...URL_KEY,
    type: url(["http", "https"], "a URL that begins with http:// or https://"),
    title: "the URL of webhook",
    example: "http://127.0.0.1:8080/hook",
    synonyms: ["address", "webhook"],
  },
  secret: {
    type: text(
      /^[^\0]{1,1024}$/u,
      'a text of 1 to 1024 characters, or { credential = "NAME" }',
    ),
    absent: "none: not signed",
    what: "What the posts are signed with (HMAC-SHA-256), so that the receiver knows the sender.",
    why: "A receiver that checks signatures refuses posts without one.",
    example: "a-long-random-text",
    synonyms: ["key", "hmac", "token"],
    secret: true,
  },
  retries: RETRIES,
} as const satisfies Keys;

/** ntfy = { ... } */
export const NTFY = {
  url: {
    ...URL_KEY,
    type: url(["https", "http"], "the URL of a topic, such as https://ntfy.sh/my-topic"),
    title: "the URL of ntfy",
    example: "https://ntfy.sh/my-topic",
    synonyms: ["address", "topic"],
  },
  token: {
    type: text(/^[!-~]{1,255}$/, 'an access token without blanks, or { credential = "NAME" }'),
    absent: "none",
    what: "The access token of a topic that is not open to all.",
    why: "The server refuses the message without it.",
    example: "tk_0123456789",
    synonyms: ["auth", "password", "key"],
    secret: true,
  },
  retries: RETRIES,
} as const satisfies Keys;

const TOPIC = text(
  /^[^\s#+\p{Cc}/][^\s#+\p{Cc}]{0,127}$/u,
  "a topic of at most 128 characters, without blanks, #, + and a leading /",
);
/** What a slash at the end would add is an empty level. */
const WITHOUT_SLASH = v.transform((topic: string) => topic.replace(/\/+$/, ""));

/** mqtt = { ... } */
export const MQTT = {
  url: {
    ...URL_KEY,
    type: url(
      ["mqtt", "mqtts"],
      "the URL of a broker, such as mqtt://192.168.1.5:1883 or mqtts://broker.example.org",
    ),
    title: "the URL of mqtt",
    example: "mqtt://192.168.1.5",
    synonyms: ["address", "broker", "host"],
  },
  user: {
    type: line("a user name of the broker's"),
    absent: "none",
    what: "The user name for the broker.",
    why: "A broker may refuse clients without one.",
    example: "floatip",
    synonyms: ["username", "login"],
  },
  password: {
    type: text(/^[^\0]+$/u, 'a text of at least one character, or { credential = "NAME" }'),
    absent: "none",
    what: "The user's password.",
    why: "The broker refuses the connection without it.",
    example: "a-long-random-text",
    synonyms: ["pass", "secret"],
    secret: true,
  },
  ca: {
    type: text(/^\/[^\0]+$/u, 'the whole path of a file, such as "/etc/floatip/ca.pem"'),
    absent: "none",
    what: "Certificates in PEM form that are trusted besides the usual ones (mqtts).",
    why: "A certificate without a known signature is refused.",
    example: "/etc/floatip/ca.pem",
    synonyms: ["cafile", "ca_file", "certificate", "tls"],
  },
  topic: {
    type: { ...TOPIC, schema: v.pipe(TOPIC.schema, WITHOUT_SLASH) },
    default: "floatip",
    what: "What the topics begin with: floatip/NODE/INSTANCE.",
    why: "The signs # and + are wildcards for subscribers.",
    synonyms: ["prefix", "base_topic"],
  },
  discovery: {
    type: flag(),
    default: true,
    what: "Announce each instance to Home Assistant, so that it appears there by itself.",
    why: "Without it each sensor is written by hand.",
    synonyms: ["home_assistant", "homeassistant", "ha"],
  },
  orders: {
    type: flag(),
    default: false,
    what: "Take orders: ON or OFF at floatip/NODE/maintenance/set switches maintenance, as a " +
      "switch in Home Assistant. In [notify] of the file alone.",
    why: "All who may publish to that topic at the broker may order it.",
    synonyms: ["commands", "switch", "control"],
  },
} as const satisfies Keys;

/** The user that runs commands. */
export const USER = {
  type: text(/^[\p{L}_][\p{L}\p{N}_.-]{0,31}\$?$/u, "the name of a user of this machine"),
  absent: "floatip's script user where there is one",
  why: "A script that runs as root lets each user that may write it become root.",
  synonyms: ["script_user", "run_as", "uid"],
} as const;

/** What all keys for commands share. */
export const COMMAND = {
  type: argv(),
  absent: "none",
  why: "No shell reads the line: there are no pipes, variables or quotes in it.",
} as const;

const HOOK = { ...COMMAND, example: ["/etc/floatip/notify"] } as const;

/** [notify], and notify of an instance. */
export const NOTIFY = {
  command: {
    ...HOOK,
    what: "Run at every change with INSTANCE, name, MASTER, BACKUP or FAULT, and priority as " +
      "arguments.",
    synonyms: ["notify", "script", "cmd", "exec"],
  },
  on_master: {
    ...HOOK,
    what: "Run when this node becomes master.",
    synonyms: ["notify_master", "master"],
  },
  on_backup: {
    ...HOOK,
    what: "Run when this node becomes backup.",
    synonyms: ["notify_backup", "backup"],
  },
  on_fault: {
    ...HOOK,
    what: "Run when this node can take part no longer.",
    synonyms: ["notify_fault", "fault"],
  },
  on_stop: {
    ...HOOK,
    what: "Run when floatip ends in order, or a reload takes the instance away.",
    synonyms: ["notify_stop", "notify_deleted", "stop"],
  },
  user: { ...USER, what: "The user that runs the commands.", example: "nobody" },
  timeout: {
    type: duration("100ms", "1h", "30s"),
    default: "30s",
    what: "How long a command or a service may take before it is given up; a command then ends " +
      "with all that it started. What a command that ends in time leaves in the background " +
      "goes on.",
    why: "Changes are told one after the other: one that hangs holds up the next.",
    synonyms: ["deadline", "max_time"],
  },
  webhook: {
    type: table(
      WEBHOOK,
      "a URL that begins with http:// or https://, or a table: { url = ..., secret = ... }",
      "url",
    ),
    absent: "none",
    what: "An address that every change is posted to, as JSON.",
    why: "No message would be sent.",
    example: "http://127.0.0.1:8080/hook",
    synonyms: ["hook", "url", "http", "post", "secret", "retries"],
    secret: true,
  },
  ntfy: {
    type: table(
      NTFY,
      "the URL of a topic, such as https://ntfy.sh/my-topic, or a table: { url = ..., token = " +
        "... }",
      "url",
    ),
    absent: "none",
    what: "A topic of ntfy that every change is sent to, for telephones.",
    why: "No message would be sent.",
    example: "https://ntfy.sh/my-topic",
    synonyms: ["push", "gotify"],
    secret: true,
  },
  mqtt: {
    type: table(
      MQTT,
      "the URL of a broker, such as mqtt://192.168.1.5, or a table: { url = ..., user = ... }",
      "url",
    ),
    absent: "none",
    what: "An MQTT broker that always knows the present state, as Home Assistant shows it.",
    why: "No message would be sent.",
    example: "mqtt://192.168.1.5",
    synonyms: ["broker", "home_assistant", "homeassistant"],
    secret: true,
  },
} as const satisfies Keys;

/** What a [notify] says. A sink that is not written is undefined. */
export type NotifySettings = Settings<typeof NOTIFY>;
/** A JSON POST for each change. */
export type WebhookSettings = Settings<typeof WEBHOOK>;
/** A message to a topic of ntfy for each change. */
export type NtfySettings = Settings<typeof NTFY>;
/** The present state as a retained message. */
export type MqttSettings = Settings<typeof MQTT>;

type NotifyDraft = TableDraft<typeof NOTIFY>;

/** The keys of [notify] that are commands. */
const COMMANDS = ["command", "on_master", "on_backup", "on_fault", "on_stop"] as const;

/**
 * What is wrong with one [notify]; keys that could not be read are taken as unknown, not as wrong.
 */
export const NOTIFY_RULES: readonly Rule<NotifyDraft>[] = [
  ({ path, keys }) =>
    COMMANDS.flatMap((name) => {
      const argv = keys[name];
      return argv === undefined ? [] : commandProblems(argv, [...path, name]);
    }),
  ntfyWithoutTopic,
  brokerUrl,
  passwordWithoutUser,
  caWithoutTls,
  ordersOfInstance,
  userWithoutCommand,
  empty,
];

/** The line of a URL, with an example. */
function wholeUrl(path: Path, key: Key): string {
  return `write it whole, such as ${path.at(-1)} = ${exampleText(key)}`;
}

/** Servers of ntfy answer a post to no topic with an error each time. */
function ntfyWithoutTopic({ keys: { ntfy } }: NotifyDraft): Problem | undefined {
  const url = ntfy?.keys.url;
  if (ntfy === undefined || url === undefined) return undefined;
  const path = ntfy.pathOf("url");
  return /^[^/]+\/\/[^/?#]+\/[^/?#]+/.test(url) ? undefined : error(
    path,
    "the URL of ntfy has no topic",
    "The server would refuse the message.",
    wholeUrl(path, NTFY.url),
  );
}

/** What a URL may have and a broker's does not. */
function brokerUrl({ keys: { mqtt } }: NotifyDraft): readonly Problem[] {
  const url = mqtt?.keys.url;
  if (mqtt === undefined || url === undefined) return [];
  const { pathname, search, hash, username, password } = new URL(url);
  const path = mqtt.pathOf("url");
  const problems: Problem[] = [];
  if (pathname.length > 1 || search !== "" || hash !== "") {
    problems.push(error(
      path,
      "the URL of mqtt has something behind host and port, and a broker has no pages",
      "It would be ignored: topics have a key of their own, topic.",
      `write host and port only, such as ${path.at(-1)} = ${exampleText(MQTT.url)}`,
    ));
  }
  if (/%(?![0-9a-f]{2})/i.test(username + password)) {
    problems.push(error(
      path,
      "the user or password in the URL of mqtt has a % that begins no escape",
      "The broker would be told another one.",
      "write user and password in keys of their own",
    ));
  }
  return problems;
}

function passwordWithoutUser({ keys: { mqtt } }: NotifyDraft): Problem | undefined {
  const url = mqtt?.keys.url;
  if (mqtt === undefined || url === undefined) return undefined;
  const { username, password } = new URL(url);
  const written = "password" in mqtt.keys;
  if ((mqtt.keys.user ?? username) !== "" || (password === "" && !written)) return undefined;
  return error(
    mqtt.pathOf(written ? "password" : "url"),
    "mqtt has a password and no user",
    "MQTT knows no password without a user name (MQTT 3.1.1, 3.1.2.9).",
    written
      ? "write user, the name that the broker knows"
      : "write user and password in keys of their own",
    written ? "key" : "value",
  );
}

function caWithoutTls({ keys: { mqtt } }: NotifyDraft): Problem | undefined {
  const { url, ca } = mqtt?.keys ?? {};
  if (mqtt === undefined || url === undefined || ca === undefined) return undefined;
  return new URL(url).protocol === "mqtts:" ? undefined : error(
    mqtt.pathOf("ca"),
    "ca has no effect without mqtts",
    "Over mqtt:// nothing is encrypted, and there is no certificate.",
    "remove it, or write mqtts:// in the URL",
    "key",
  );
}

/** Maintenance is of the node, not of one instance. */
function ordersOfInstance({ path, keys: { mqtt } }: NotifyDraft): Problem | undefined {
  if (mqtt?.keys.orders !== true || path[0] === "notify") return undefined;
  return error(
    mqtt.pathOf("orders"),
    "orders are of the whole node, and this is the notify of one instance",
    "Maintenance concerns all instances of a node.",
    "write orders into mqtt of [notify]",
    "key",
  );
}

function userWithoutCommand({ keys, path }: NotifyDraft): Problem | undefined {
  if (keys.user === undefined || COMMANDS.some((name) => name in keys)) return undefined;
  return warning(
    [...path, "user"],
    "user has no effect without a command",
    "It is the user that runs the commands.",
    "remove it",
    "key",
  );
}

function empty({ path, raw }: NotifyDraft): Problem | undefined {
  return Object.keys(raw).length > 0 ? undefined : warning(
    path,
    `${writeHeader(path)} is empty`,
    "No message of changes would be sent.",
    'command = ["/etc/floatip/notify"]',
    "key",
  );
}
