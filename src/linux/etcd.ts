/**
 * Calls of members of an etcd cluster, beside the loop, over connections that are kept: a quarter
 * of the processor time of Deno's fetch, and 3 MB less memory (decision 0089).
 */
import type { EtcdCaller, EtcdMember, EtcdSettings } from "../cluster/etcd/caller.ts";
import {
  type Call,
  type CallResult,
  loginOf,
  readLogin,
  readReply,
  readStatus,
  STATUS,
} from "../cluster/etcd/gateway.ts";
import { type HttpAnswer, LONGEST_ANSWER, readAnswer, writePost } from "../cluster/etcd/http.ts";
import { ANSWER_WITHIN } from "../cluster/etcd/terms.ts";
import { errorText } from "../health/probes/outcome.ts";
import type { HostEvent } from "../host.ts";
import { toMilliseconds } from "../time.ts";
import { writeAll } from "../files.ts";
import { readCertificates } from "./certificates.ts";
import type { Poller } from "./poller.ts";

/** Connections to one member that are kept without a call, at most. */
const MOST_IDLE = 3;
/** Calls of one member that are under way, at most. */
const MOST_UNDER_WAY = 256;

interface Connection {
  readonly stream: Deno.TcpConn | Deno.TlsConn;
  /** Room for an answer. */
  readonly heard: Uint8Array<ArrayBuffer>;
}

type Event = Extract<HostEvent, { kind: "etcd" }>;

/** What is asked with, beside the settings. */
interface Credentials {
  readonly caCerts: string[];
  readonly cert?: string;
  readonly key?: string;
}

/** Closed at first. */
export class EtcdCalls implements EtcdCaller, Disposable {
  readonly #poller: Poller;
  readonly #results: Event[] = [];
  #client: EtcdClient | undefined;

  constructor(poller: Poller) {
    this.#poller = poller;
  }

  open(settings: EtcdSettings | undefined): void {
    if (settings !== undefined && this.#client?.settings === settings) return;
    this.#client?.[Symbol.dispose]();
    this.#client = settings && new EtcdClient(settings);
  }

  call(id: number, member: number, call: Call): void {
    const client = this.#client;
    const calling = client?.call(member, call) ??
      Promise.resolve<CallResult>({ kind: "lost", words: "not open" });
    void calling.then((result) => {
      if (this.#poller.disposed || client !== this.#client) return;
      this.#results.push({ kind: "etcd", id, result });
      this.#poller.wake();
    });
  }

  /** Results since the last time. */
  take(): readonly Event[] {
    return this.#results.splice(0);
  }

  [Symbol.dispose](): void {
    this.open(undefined);
  }
}

/** Makes calls of the members in `settings`; a new one where those change. */
export class EtcdClient implements Disposable {
  readonly settings: EtcdSettings;
  readonly #members: readonly MemberLine[];
  readonly #deadlines = new Set<Deadline>();
  #token: string | undefined;

  constructor(settings: EtcdSettings) {
    this.settings = settings;
    this.#members = settings.members.map((member) => new MemberLine(member, settings));
  }

  /** What member `index` answers, 2.5 s later at most. Never rejects. */
  async call(index: number, call: Call): Promise<CallResult> {
    const line = this.#members[index];
    if (line === undefined || line.underWay >= MOST_UNDER_WAY) {
      return { kind: "lost", words: "too many requests wait for an answer" };
    }
    using deadline = new Deadline(toMilliseconds(ANSWER_WITHIN));
    line.underWay++;
    this.#deadlines.add(deadline);
    try {
      const result = await this.#callWithToken(line, call, deadline);
      const { user } = this.settings;
      const isRefused = result.kind === "refused" && result.isUnknownUser && user !== undefined;
      if (!isRefused) return result;
      // A token is valid for some minutes.
      this.#token = undefined;
      return await this.#callWithToken(line, call, deadline);
    } catch (error) {
      return { kind: "lost", words: wordsOf(error, deadline.hasPassed) };
    } finally {
      line.underWay--;
      this.#deadlines.delete(deadline);
    }
  }

  /** How member `index` is, of which {@link EtcdClient.call} has had an answer. Never rejects. */
  async status(index: number): Promise<ReturnType<typeof readStatus>> {
    using deadline = new Deadline(toMilliseconds(ANSWER_WITHIN));
    try {
      const answer = await this.#members[index]?.post(STATUS, this.#token, deadline);
      return readStatus(answer?.status === 200 ? answer.body : "");
    } catch {
      return readStatus("");
    }
  }

  async #callWithToken(line: MemberLine, call: Call, deadline: Deadline): Promise<CallResult> {
    const { user } = this.settings;
    if (user !== undefined && this.#token === undefined) {
      const login = loginOf(user.name, user.password);
      const { status, body } = await line.post(login, undefined, deadline);
      const read = readLogin(status, body);
      if ("words" in read) return { kind: "lost", words: read.words };
      this.#token = read.token;
    }
    const { status, body } = await line.post(call, this.#token, deadline);
    return readReply(call, status, body);
  }

  [Symbol.dispose](): void {
    for (const line of this.#members) line[Symbol.dispose]();
    for (const deadline of this.#deadlines) deadline.pass();
  }
}

/** The connections to one member. */
class MemberLine implements Disposable {
  readonly #member: EtcdMember;
  readonly #settings: EtcdSettings;
  readonly #idle: Connection[] = [];
  #isClosed = false;
  underWay = 0;

  constructor(member: EtcdMember, settings: EtcdSettings) {
    this.#member = member;
    this.#settings = settings;
  }

  async post(
    request: Pick<Call, "path" | "body">,
    token: string | undefined,
    deadline: Deadline,
  ): Promise<HttpAnswer> {
    const bytes = writePost(this.#member.authority, request, token);
    const kept = this.#idle.pop();
    if (kept !== undefined) {
      try {
        return await this.#exchange(kept, bytes, deadline);
      } catch (error) {
        // The member may have closed it meanwhile. What is asked twice is done once at most.
        if (deadline.hasPassed || !(error instanceof ClosedEarly)) throw error;
      }
    }
    return await this.#exchange(await this.#connect(deadline), bytes, deadline);
  }

  /** Certificates are those that are in their files now: a reload may have been told of others. */
  async #connect(deadline: Deadline): Promise<Connection> {
    const { hostname, port, isSecure } = this.#member;
    const connect = async (): Promise<Connection["stream"]> =>
      isSecure
        ? await Deno.connectTls({ hostname, port, ...await credentialsOf(this.#settings) })
        : await Deno.connect({ hostname, port, signal: deadline.signal });
    const stream = await deadline.first(connect(), (late) => late.close());
    if ("setNoDelay" in stream) stream.setNoDelay();
    return { stream, heard: new Uint8Array(LONGEST_ANSWER) };
  }

  async #exchange(
    connection: Connection,
    bytes: Uint8Array<ArrayBuffer>,
    deadline: Deadline,
  ): Promise<HttpAnswer> {
    const close = closing(connection);
    deadline.signal.addEventListener("abort", close, { once: true });
    let isKept = false;
    try {
      const answer = await exchange(connection, bytes);
      isKept = answer.isKept && !this.#isClosed && this.#idle.length < MOST_IDLE;
      return answer;
    } finally {
      deadline.signal.removeEventListener("abort", close);
      if (isKept) this.#idle.push(connection);
      else close();
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const { stream } of this.#idle.splice(0)) stream.close();
  }
}

/** The other side closed the connection before it said anything. */
class ClosedEarly extends Error {
  override readonly name = "ClosedEarly";
}

async function exchange(
  { stream, heard }: Connection,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<HttpAnswer> {
  let length = 0;
  try {
    await writeAll(stream, bytes);
    for (;;) {
      const count = await stream.read(heard.subarray(length));
      length += count ?? 0;
      if (count === null && length === 0) throw new ClosedEarly("closed early");
      const answer = readAnswer(heard.subarray(0, length), count === null);
      if (answer === "wrong") throw new Error("the answer is not HTTP");
      if (answer !== "more") return answer;
    }
  } catch (error) {
    const isBroken = error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.ConnectionReset;
    if (isBroken && length === 0) throw new ClosedEarly("connection reset");
    throw error;
  }
}

function closing({ stream }: Connection): () => void {
  return () => {
    try {
      stream.close();
    } catch {
      // Closed already.
    }
  };
}

async function credentialsOf({ ca, cert, key }: EtcdSettings): Promise<Credentials> {
  const caCerts = ca === undefined ? [] : [await read(ca)];
  if (cert === undefined || key === undefined) return { caCerts };
  return { caCerts, cert: await read(cert), key };
}

/** A file of the configuration cannot be used. */
class FileFault extends Error {
  override readonly name = "FileFault";
}

async function read(path: string): Promise<string> {
  try {
    return await readCertificates(path);
  } catch (error) {
    throw new FileFault(`${path}: ${errorText(error)}`);
  }
}

function wordsOf(error: unknown, hasPassed: boolean): string {
  if (hasPassed) return `no answer within ${toMilliseconds(ANSWER_WITHIN) / 1000} s`;
  if (error instanceof FileFault) return error.message;
  const text = errorText(error);
  // TLS alerts of a server to which the client's certificate is missing, or unknown.
  return /BadCertificate|CertificateRequired|UnknownCA|AccessDenied/.test(text)
    ? `does not take this node's certificate (${text})`
    : text;
}

/** The end of a call. */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #passed: Promise<never>;
  /** Ends it now. */
  readonly pass: () => void;

  constructor(ms: number) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.#passed = promise;
    this.#passed.catch(() => {});
    this.pass = () => {
      this.#controller.abort();
      reject(new Error("no answer"));
    };
    this.#timer = setTimeout(this.pass, ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get hasPassed(): boolean {
    return this.signal.aborted;
  }

  /** The result of `work` where it comes in time; what comes later goes to `discard`. */
  async first<T>(work: Promise<T>, discard: (late: T) => void): Promise<T> {
    work.then((result) => this.hasPassed && discard(result), () => {});
    return await Promise.race([work, this.#passed]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
