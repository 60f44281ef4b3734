/** Mistakes of [check.NAME], and of instances that name checks. */
import { type Misuse, NODES, WEB, web } from "./misuse.ts";

/** {@link WEB} with a check called x of these lines. */
function check(...lines: readonly string[]): string {
  return `${web('checks = ["x"]')}\n[check.x]\n${lines.join("\n")}\n`;
}

/** One line that is wrong in its value. */
function one(title: string, line: string, key: string, severity = "error"): Misuse {
  return { title, toml: check(line), expected: [`${severity} check.x.${key}`] };
}

const LINES: readonly Misuse[] = [
  // http
  one("a URL without its scheme", 'http = "127.0.0.1/health"', "http"),
  one("a URL with a port and without its scheme", 'http = "127.0.0.1:8080"', "http"),
  one("a scheme that is like http", 'http = "htp://127.0.0.1/"', "http"),
  one("a scheme that no web server speaks", 'http = "ftp://127.0.0.1/"', "http"),
  one("a URL with a port out of range", 'http = "http://127.0.0.1:99999/"', "http"),
  one("a URL with port 0", 'http = "http://127.0.0.1:0/"', "http"),
  one("a URL with a port of letters", 'http = "http://127.0.0.1:http/"', "http"),
  one("a URL without a host", 'http = "http:///health"', "http"),
  one("a URL with a blank", 'http = "http://127.0.0.1/ health"', "http"),
  one("a URL with half an address", 'http = "http://127.0.1/"', "http"),
  one("a URL as a list", 'http = ["http://127.0.0.1/"]', "http"),
  one("a URL with a password", 'http = "htp://root:hunter2@127.0.0.1/"', "http"),
  one("a URL of everywhere", 'http = "http://0.0.0.0/"', "http"),
  one("a URL of the floating address", 'http = "http://192.168.1.50/"', "http", "warning"),
  { ...one("a status as a number", "", ""), ...lines2('http = "http://[::1]/"', "status = 200") },
  {
    ...one("a status that is none", "", ""),
    ...lines2('http = "http://[::1]/"', "status = [200, 1000]", "status.1"),
  },
  {
    ...one("a certificate of http", "", ""),
    ...lines2('http = "http://localhost/"', "insecure = true", "insecure", "warning"),
  },
  { ...one("a page's text that is empty", "", ""), ...lines2('http = "http://a/"', 'match = ""') },
  { ...one("a host as a URL", "", ""), ...lines2('http = "http://a/"', 'host = "http://b/"') },
  // tcp
  one("a port without a host", 'tcp = ":5432"', "tcp"),
  one("a port as a number", "tcp = 5432", "tcp"),
  one("a host without a port", 'tcp = "127.0.0.1"', "tcp"),
  one("an IPv6 address without a port", 'tcp = "::1"', "tcp"),
  one("a port out of range", 'tcp = "127.0.0.1:65536"', "tcp"),
  one("a port with a scheme", 'tcp = "tcp://127.0.0.1:5432"', "tcp"),
  one("an address with five parts", 'tcp = "127.0.0.1.1:80"', "tcp"),
  one("the floating address's port", 'tcp = "192.168.1.50:80"', "tcp", "warning"),
  {
    ...one("an empty text to send", "", ""),
    ...lines2('tcp = "127.0.0.1:6379"', 'send = ""', "send"),
  },
  {
    title: "a password beside a mistake on its line",
    toml: `${web('checks = ["x"]')}[check]\nx = { tcp = "127.0.0.1", send = "AUTH hunter2" }\n`,
    expected: ["error check.x.tcp"],
  },
  // dns
  one("a name server as the name", 'dns = "127.0.0.1:53"', "dns"),
  {
    ...one("a name server by its name", "", ""),
    ...lines2('dns = "example.org"', 'server = "dns.example.org"', "server"),
  },
  {
    ...one("a name server with port 70000", "", ""),
    ...lines2('dns = "example.org"', 'server = "127.0.0.1:70000"', "server"),
  },
  {
    ...one("a record that is none", "", ""),
    ...lines2('dns = "example.org"', 'type = "a"', "type"),
  },
  // ping
  one("ping of a name", 'ping = "router"', "ping"),
  one("ping of a multicast address", 'ping = "224.0.0.18"', "ping"),
  { ...one("ping by carrier pigeon", "", ""), ...lines2('ping = "10.0.0.1"', 'by = "udp"', "by") },
  // command
  one("a command as a text", 'command = "/usr/bin/pg_isready -q"', "command"),
  one("a command without its path", 'command = ["pg_isready", "-q"]', "command.0"),
  one("a text command without its path", 'command = "curl -f http://localhost/"', "command"),
  one("a pipe", 'command = "/usr/bin/curl localhost | grep OK"', "command"),
  one("a pipe as an argument", 'command = ["/usr/bin/curl", "-s", "|", "grep"]', "command.2"),
  one("a whole line as the program", 'command = ["/usr/bin/curl -f localhost"]', "command.0"),
  one("a relative command", 'command = ["./check.sh"]', "command.0"),
  one("a home directory", 'command = ["~/check.sh"]', "command.0"),
  one("an empty command", "command = []", "command"),
  one("a number among the arguments", 'command = ["/bin/check", 5]', "command.1"),
  {
    ...one("a user as a number", "", ""),
    ...lines2('command = ["/bin/check"]', "user = 1000", "user"),
  },
  // process, file, interface
  one("a process with its path", 'process = "/usr/sbin/nginx"', "process"),
  one("a process with arguments", 'process = "nginx -g daemon"', "process"),
  one("a relative file", 'file = "flag"', "file"),
  { ...one("a file that is wanted", "", ""), ...lines2('file = "/run/x"', "want = true", "want") },
  {
    ...one("a number without a weight", "", ""),
    ...lines2('file = "/run/x"', 'want = "value"', "want"),
  },
  one("an interface with a blank", 'interface = "eth 0"', "interface"),
  // times and counts
  ...(
    [
      ["an interval below 100 ms", 'interval = "50ms"', "interval"],
      ["an interval without its unit", "interval = 2", "interval"],
      ["a timeout of no time", 'timeout = "0s"', "timeout"],
      ["no failures", "fall = 0", "fall"],
      ["half a success", "rise = 1.5", "rise"],
      ["a weight of 0", "weight = 0", "weight"],
      ["a weight of -254", "weight = -254", "weight"],
      ["a weight of 300", "weight = 300", "weight"],
      ["a weight as a text", 'weight = "-50"', "weight"],
      ["what belongs to http", "status = [200]", "status"],
      ["what belongs to tcp and dns", 'expect = "x"', "expect"],
      ["what belongs to a command", 'user = "root"', "user"],
    ] as const
  ).map(([title, line, key]) => ({
    title,
    toml: check('process = "x"', line),
    expected: [`error check.x.${key}`],
  })),
  {
    ...one("a timeout over the interval", "", ""),
    ...lines2('process = "x"', 'timeout = "3s"', "timeout", "warning"),
  },
  {
    ...one("a timeout over a short interval", "", ""),
    ...lines2('process = "x"\ninterval = "500ms"', 'timeout = "1s"', "timeout", "warning"),
  },
];

/** Two lines of which the second is wrong. */
function lines2(
  first: string,
  second: string,
  key = second.split(" ")[0] ?? "",
  severity = "error",
): Pick<Misuse, "toml" | "expected"> {
  return { toml: check(first, second), expected: [`${severity} check.x.${key}`] };
}

/** Mistakes of health checks. */
export const CHECKS: readonly Misuse[] = [
  ...LINES,
  { title: "a check without a probe", toml: check("weight = -5"), expected: ["error check.x"] },
  {
    title: "a check with two probes",
    toml: check('http = "http://127.0.0.1/"', 'process = "nginx"'),
    expected: ["error check.x.process"],
  },
  {
    title: "keepalived's words for a check",
    toml: check('script = "/bin/check"', 'timeout = "2s"'),
    expected: ["error check.x.script"],
  },
  {
    title: "a check without a name",
    toml: `${WEB}[check]\nhttp = "http://127.0.0.1/"\n`,
    expected: ["error check.http"],
  },
  { title: "a check as a text", toml: `check = "nginx"\n${WEB}`, expected: ["error check"] },
  { title: "checks as a text", toml: web('checks = "x"'), expected: ["error instance.web.checks"] },
  {
    title: "a check that there is not",
    toml: `${web('checks = ["ngnix"]')}[check.nginx]\nprocess = "nginx"\n`,
    expected: ["error instance.web.checks.0"],
  },
  {
    title: "a check where there is none",
    toml: web('checks = ["nginx"]'),
    expected: ["error instance.web.checks.0"],
  },
  {
    title: "a check twice",
    toml: `${web('checks = ["x", "x"]')}[check.x]\nprocess = "x"\n`,
    expected: ["error instance.web.checks.1"],
  },
  {
    title: "a check that nobody uses",
    toml: `${WEB}[check.x]\nprocess = "x"\n`,
    expected: ["warning check.x"],
  },
  {
    title: "a weight on an owner",
    toml: `${web('checks = ["x"]', "priority = 255")}[check.x]\nprocess = "x"\nweight = -5\n`,
    expected: ["error instance.web.checks.0"],
  },
  {
    title: "a weight where one node is the owner",
    toml: `${NODES}${
      web('checks = ["x"]', "priority = { pi-a = 255, pi-b = 1 }")
    }[check.x]\nprocess = "x"\nweight = -5\n`,
    expected: ["error instance.web.checks.0"],
  },
  {
    title: "a weight in a group",
    toml:
      `${WEB}checks = ["x"]\n[instance.two]\nvrid = 52\naddresses = ["10.0.0.5/24"]\n[group.g]\n` +
      `instances = ["web", "two"]\n[check.x]\nprocess = "x"\nweight = -5\n`,
    expected: ["error instance.web.checks.0"],
  },
];
