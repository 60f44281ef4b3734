/** Mistakes of [notify]. */
import { type Misuse, WEB, web } from "./misuse.ts";

function one(title: string, lines: string, ...expected: readonly string[]): Misuse {
  return { title, toml: `${WEB}\n[notify]\n${lines}\n`, expected };
}

/** Mistakes of notifications. */
export const NOTIFY: readonly Misuse[] = [
  one("nobody to tell", "", "warning notify"),
  one("a notify command as a text", 'command = "/bin/mail root"', "error notify.command"),
  one("a notify command without its path", 'on_master = ["arping"]', "error notify.on_master.0"),
  one("redirected output", 'on_fault = ["/bin/echo", "x", ">>"]', "error notify.on_fault.2"),
  one("keepalived's words for notify", 'notify_master = "/bin/x"', "error notify.notify_master"),
  one("a program of one state as a text", 'on_backup = "/bin/x"', "error notify.on_backup"),
  one("a program of the end as a text", 'on_stop = "/bin/x"', "error notify.on_stop"),
  one(
    "a secret that is empty",
    'webhook = { url = "http://a/", secret = "" }',
    "error notify.webhook.secret",
  ),
  one(
    "a topic's URL and retries",
    'ntfy = { url = "ftp://a/b", retries = -1 }',
    "error notify.ntfy.url",
    "error notify.ntfy.retries",
  ),
  one(
    "a broker's user as a number",
    'mqtt = { url = "mqtt://a", user = 7 }',
    "error notify.mqtt.user",
  ),
  one("a webhook without its scheme", 'webhook = "127.0.0.1/hunter2"', "error notify.webhook"),
  one("a webhook that is a number", "webhook = 8080", "error notify.webhook"),
  one(
    "a webhook's table without a URL",
    'webhook = { secret = "hunter2" }',
    "error notify.webhook",
  ),
  one(
    "a webhook's retries and URL",
    'webhook = { url = "https://", secret = "hunter2", retries = 100 }',
    "error notify.webhook.url",
    "error notify.webhook.retries",
  ),
  one(
    "a secret beside its webhook",
    'webhook = "http://127.0.0.1/"\nsecret = "hunter2"',
    "error notify.secret",
  ),
  one("a topic that is missing", 'ntfy = "https://ntfy.sh/"', "error notify.ntfy"),
  one(
    "a token that is empty",
    'ntfy = { url = "https://a/b", token = "" }',
    "error notify.ntfy.token",
  ),
  one("a broker over HTTP", 'mqtt = "http://u:hunter2@10.0.0.5"', "error notify.mqtt"),
  one("a broker's port", 'mqtt = "mqtt://10.0.0.5:188300"', "error notify.mqtt"),
  one("a wildcard", 'mqtt = { url = "mqtt://a", topic = "a/#" }', "error notify.mqtt.topic"),
  one(
    "a password without its user",
    'mqtt = { url = "mqtt://a", password = "hunter2" }',
    "error notify.mqtt.password",
  ),
  one("a user's password in the URL", 'mqtt = "mqtt://:hunter2@a"', "error notify.mqtt"),
  one("a broker with a path", 'mqtt = { url = "mqtt://a/home" }', "error notify.mqtt.url"),
  one("a password that is not escaped", 'mqtt = "mqtt://u:hunter2%@a"', "error notify.mqtt"),
  one(
    "certificates where nothing is encrypted",
    'mqtt = { url = "mqtt://a", ca = "/etc/ca.pem" }',
    "error notify.mqtt.ca",
  ),
  one(
    "certificates without their path",
    'mqtt = { url = "mqtts://a", ca = "ca.pem" }',
    "error notify.mqtt.ca",
  ),
  one("a broker without its URL", 'mqtt = { user = "u" }', "error notify.mqtt"),
  one(
    "a broker's key misspelt",
    'mqtt = { url = "mqtt://a", tpic = "x" }',
    "error notify.mqtt.tpic",
  ),
  one("a broker's name as user names it", 'broker = "mqtt://hunter2@a"', "error notify.broker"),
  one(
    "retries of a broker",
    'mqtt = { url = "mqtt://a", retries = 3 }',
    "error notify.mqtt.retries",
  ),
  one(
    "discovery as a text",
    'mqtt = { url = "mqtt://a", discovery = "yes" }',
    "error notify.mqtt.discovery",
  ),
  one(
    "orders as a text",
    'mqtt = { url = "mqtt://a", orders = "yes" }',
    "error notify.mqtt.orders",
  ),
  one("a user without a command", 'user = "nobody"\nntfy = "https://a/b"', "warning notify.user"),
  one("no time", 'command = ["/bin/x"]\ntimeout = "0s"', "error notify.timeout"),
  {
    title: "an instance's webhook",
    toml: web('notify = { webhook = "htp://127.0.0.1/hunter2" }'),
    expected: ["error instance.web.notify.webhook"],
  },
  {
    title: "an instance's notify as a text",
    toml: web('notify = "/bin/x"'),
    expected: ["error instance.web.notify"],
  },
];
