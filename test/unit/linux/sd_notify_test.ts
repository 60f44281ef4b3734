import assert from "node:assert/strict";
import { AF_UNIX, SOCK_DGRAM } from "../../../src/linux/constants.ts";
import { HostError } from "../../../src/host.ts";
import { Libc } from "../../../src/linux/libc.ts";
import { notifyAddress, SdNotify } from "../../../src/linux/sd_notify.ts";
import { Socket } from "../../../src/linux/socket.ts";

/** What arrives at a socket like systemd's that is bound to `path`. */
class Manager implements Disposable {
  readonly #libc = new Libc();
  readonly #socket: Socket = Socket.open(this.#libc, AF_UNIX, SOCK_DGRAM, 0, "a manager");

  constructor(path: string) {
    this.#socket.bind(notifyAddress(path));
  }

  heard(): string | undefined {
    const into = new Uint8Array(4096);
    const length = this.#libc.read(this.#socket.fd, into);
    return length < 0 ? undefined : new TextDecoder().decode(into.subarray(0, length));
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
    this.#libc[Symbol.dispose]();
  }
}

const folder = Deno.makeTempDirSync({ prefix: "floatip-notify-" });
globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

for (const [kind, path] of [["a path", `${folder}/notify`], ["an abstract name", `@${folder}`]]) {
  Deno.test(`the manager hears each message once, at ${kind}`, () => {
    using manager = new Manager(path ?? "");
    using line = new SdNotify(path ?? "");
    line.send({ READY: "1", STATUS: "web: master\nMAINPID=1" });
    assert.equal(manager.heard(), "READY=1\nSTATUS=web: master MAINPID=1");
    line.send({ WATCHDOG: "1" });
    assert.equal(manager.heard(), "WATCHDOG=1");
    assert.equal(manager.heard(), undefined);
  });
}

Deno.test("a manager that is gone is a HostError with the kernel's words, not a signal", () => {
  using line = new SdNotify(`${folder}/nobody`);
  assert.throws(() => line.send({ READY: "1" }), (error) => {
    assert.ok(error instanceof HostError);
    assert.equal(error.code, "ENOENT");
    return true;
  });
});

Deno.test("a manager that does not read is not waited for", () => {
  const path = `${folder}/slow`;
  using _manager = new Manager(path);
  using line = new SdNotify(path);
  assert.throws(() => {
    for (let count = 0; count < 10_000; count++) line.send({ WATCHDOG: "1" });
  }, { code: "EAGAIN" });
});

Deno.test("no socket's name: relative, empty, too long", () => {
  for (const path of ["", "/", "@", "notify", `/${"x".repeat(107)}`, `@${"x".repeat(108)}`]) {
    assert.throws(() => notifyAddress(path), { code: "EINVAL" }, path);
  }
  assert.equal(notifyAddress(`/${"x".repeat(106)}`).length, 110);
  assert.equal(notifyAddress(`@${"x".repeat(107)}`).length, 110);
});

Deno.test("MONOTONIC_USEC is the clock of /proc/uptime", () => {
  using line = new SdNotify(`${folder}/clock`);
  const before = Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]);
  const seconds = Number(line.microseconds()) / 1e6;
  // Uptime counts suspended time too, and is cut to hundredths.
  assert.ok(seconds <= before + 5, `${seconds} is later than ${before}`);
  assert.ok(line.microseconds() > 0n && line.microseconds() >= BigInt(Math.trunc(seconds * 1e6)));
});
