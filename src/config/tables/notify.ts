/** Which keys may [notify] have? The commands and services that are told about changes. */
import { seconds } from "../../time.ts";
import { CHECK } from "./check.ts";
import type { Keys } from "./root.ts";
import { duration, either, flag, listOf, table, text, wholeNumber } from "./types.ts";

const LINE = text(/^[^\p{Cc}]+$/u);
const ARGUMENT = text(/^[^\0]+$/u);
const TOPIC = text(/^[^\s#+\p{Cc}/][^\s#+\p{Cc}]{0,127}$/u);

const COMMAND = {
  shape: listOf(ARGUMENT),
  entry: ARGUMENT,
  form: CHECK.command.form,
  default: "none",
  why: CHECK.command.why,
  example: '["/etc/floatip/notify"]',
} as const;

/** [notify], and notify of an instance. */
export const NOTIFY = {
  command: {
    ...COMMAND,
    what:
      "Run at every change with INSTANCE, name, MASTER, BACKUP or FAULT, and priority as arguments.",
    synonyms: ["notify", "script", "cmd", "exec"],
  },
  on_master: {
    ...COMMAND,
    what: "Run when this node becomes master.",
    synonyms: ["notify_master", "master"],
  },
  on_backup: {
    ...COMMAND,
    what: "Run when this node becomes backup.",
    synonyms: ["notify_backup", "backup"],
  },
  on_fault: {
    ...COMMAND,
    what: "Run when this node can take part no longer.",
    synonyms: ["notify_fault", "fault"],
  },
  on_stop: {
    ...COMMAND,
    what: "Run when floatip ends in order, or a reload takes the instance away.",
    synonyms: ["notify_stop", "notify_deleted", "stop"],
  },
  user: {
    shape: CHECK.user.shape,
    form: CHECK.user.form,
    default: CHECK.user.default,
    what: "The user that runs the commands.",
    why: CHECK.user.why,
    example: '"nobody"',
    synonyms: ["script_user", "run_as", "uid"],
  },
  timeout: {
    shape: duration(seconds(0.1), seconds(3600)),
    form: 'a duration with its unit from "100ms" to "1h", such as "30s"',
    default: '"30s"',
    what:
      "How long a command or a service may take before it is given up; a command then ends with all that it started. " +
      "What a command that ends in time leaves in the background goes on.",
    why: "Changes are told one after the other: one that hangs holds up the next.",
    example: '"30s"',
    synonyms: ["deadline", "max_time"],
  },
  webhook: {
    shape: either(LINE, table()),
    form: "a URL that begins with http:// or https://, or a table: { url = ..., secret = ... }",
    default: "none",
    what: "An address that every change is posted to, as JSON.",
    why: "No message would be sent.",
    example: '"http://127.0.0.1:8080/hook"',
    synonyms: ["hook", "url", "http", "post", "secret", "retries"],
    secret: true,
  },
  ntfy: {
    shape: either(LINE, table()),
    form:
      "the URL of a topic, such as https://ntfy.sh/my-topic, or a table: { url = ..., token = ... }",
    default: "none",
    what: "A topic of ntfy that every change is sent to, for telephones.",
    why: "No message would be sent.",
    example: '"https://ntfy.sh/my-topic"',
    synonyms: ["push", "gotify"],
    secret: true,
  },
  mqtt: {
    shape: either(LINE, table()),
    form: "the URL of a broker, such as mqtt://192.168.1.5, or a table: { url = ..., user = ... }",
    default: "none",
    what: "An MQTT broker that always knows the present state, as Home Assistant shows it.",
    why: "No message would be sent.",
    example: '"mqtt://192.168.1.5"',
    synonyms: ["broker", "home_assistant", "homeassistant"],
    secret: true,
  },
} as const satisfies Keys;

const URL_KEY = {
  shape: LINE,
  default: undefined,
  what: "The address to send to.",
  why: "No message would be sent.",
  secret: true,
} as const;
const RETRIES = {
  shape: wholeNumber(0, 20),
  form: "a whole number from 0 to 20",
  default: "5",
  what: "How often to try again, with longer and longer pauses between.",
  why: "A service that is down for a moment would miss the change.",
  example: "5",
  synonyms: ["retry", "attempts"],
} as const;

/** webhook = { ... }; a text is the same as { url = TEXT }. */
export const WEBHOOK = {
  url: {
    ...URL_KEY,
    form: "a URL that begins with http:// or https://",
    example: '"http://127.0.0.1:8080/hook"',
    synonyms: ["address", "webhook"],
  },
  secret: {
    shape: text(/^[^\0]{1,1024}$/u),
    form: 'a text of 1 to 1024 characters, or { credential = "NAME" }',
    default: "none: not signed",
    what: "What the posts are signed with (HMAC-SHA-256), so that the receiver knows the sender.",
    why: "A receiver that checks signatures refuses posts without one.",
    example: '"a-long-random-text"',
    synonyms: ["key", "hmac", "token"],
    secret: true,
  },
  retries: RETRIES,
} as const satisfies Keys;

/** ntfy = { ... } */
export const NTFY = {
  url: {
    ...URL_KEY,
    form: "the URL of a topic, such as https://ntfy.sh/my-topic",
    example: '"https://ntfy.sh/my-topic"',
    synonyms: ["address", "topic"],
  },
  token: {
    shape: text(/^[!-~]{1,255}$/),
    form: 'an access token without blanks, or { credential = "NAME" }',
    default: "none",
    what: "The access token of a topic that not everybody may write to.",
    why: "The server refuses the message without it.",
    example: '"tk_0123456789"',
    synonyms: ["auth", "password", "key"],
    secret: true,
  },
  retries: RETRIES,
} as const satisfies Keys;

/** mqtt = { ... } */
export const MQTT = {
  url: {
    ...URL_KEY,
    form: "the URL of a broker, such as mqtt://192.168.1.5:1883 or mqtts://broker.example.org",
    example: '"mqtt://192.168.1.5"',
    synonyms: ["address", "broker", "host"],
  },
  user: {
    shape: LINE,
    form: "a user name of the broker's",
    default: "none",
    what: "The user name for the broker.",
    why: "A broker may refuse clients without one.",
    example: '"floatip"',
    synonyms: ["username", "login"],
  },
  password: {
    shape: text(/^[^\0]+$/u),
    form: 'a text of at least one character, or { credential = "NAME" }',
    default: "none",
    what: "The user's password.",
    why: "The broker refuses the connection without it.",
    example: '"a-long-random-text"',
    synonyms: ["pass", "secret"],
    secret: true,
  },
  ca: {
    shape: text(/^\/[^\0]+$/u),
    form: 'the whole path of a file, such as "/etc/floatip/ca.pem"',
    default: "none",
    what: "Certificates in PEM form that are trusted besides the usual ones (mqtts).",
    why: "A certificate without a known signature is refused.",
    example: '"/etc/floatip/ca.pem"',
    synonyms: ["cafile", "ca_file", "certificate", "tls"],
  },
  topic: {
    shape: TOPIC,
    form: "a topic of at most 128 characters, without blanks, #, + and a leading /",
    default: '"floatip"',
    what: "What the topics begin with: floatip/NODE/INSTANCE.",
    why: "The signs # and + are wildcards for subscribers.",
    example: '"floatip"',
    synonyms: ["prefix", "base_topic"],
  },
  discovery: {
    shape: flag(),
    form: "true or false",
    default: "true",
    what: "Announce each instance to Home Assistant, so that it appears there by itself.",
    why: "Without it each sensor is written by hand.",
    example: "true",
    synonyms: ["home_assistant", "homeassistant", "ha"],
  },
} as const satisfies Keys;
