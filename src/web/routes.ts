/** Paths of the page's server, and what each method does there. */
import { EXPOSITION_TYPE } from "../control/exposition.ts";
import { fresh, freshBytes } from "../control/printing.ts";
import {
  type HttpAnswer,
  type HttpRequest,
  type HttpStream,
  jsonAnswer,
} from "../control/http_message.ts";
import { handoverRequest, maintenanceRequest } from "../control/requests.ts";
import { errorAnswer, routed, type Routes } from "../control/http_routes.ts";
import { type Instant, milliseconds } from "../time.ts";
import { Access } from "./access.ts";
import { Feed } from "./feed.ts";
import index from "./page/index.html" with { type: "text" };
import script from "./page/script.js" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import type { WebSource } from "./source.ts";

/**
 * With every answer. Nothing is loaded from elsewhere, run from the page's text, framed or kept.
 */
const HEADERS = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; " +
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** A file is not read for each of many clients. */
const HISTORY_MS = 1000;

type Answer = HttpAnswer | HttpStream;

/** Answers one request. */
type Route = (request: HttpRequest, from: string) => Answer | Promise<Answer>;

/** What is served. */
export interface RoutesOptions {
  readonly source: WebSource;
  /** The password of [web], now; undefined: there is none. */
  readonly password: () => string | undefined;
}

/** Answers each request to the page's server. */
export function routesOf({ source, password }: RoutesOptions): Route {
  const access = new Access();
  const statusJson = () => source.status({ orders: password() !== undefined });
  const feed = new Feed(statusJson);
  const status = freshBytes(statusJson);
  const exposition = freshBytes(() => source.metrics());
  const history = fresh(() => source.history(), HISTORY_MS);
  const order = ordersOf(source);
  const post: Route = (request, from) => {
    const now = milliseconds(performance.now()) as number as Instant;
    const refusal = access.judge(request, password(), now);
    if (refusal !== undefined) return errorAnswer(refusal.status, refusal.text);
    return order(request, from);
  };
  const get = (route: Route) => ({ GET: route, HEAD: route });
  const routes: Routes<Route> = new Map<string, Readonly<Record<string, Route>>>([
    ["/", get(() => page("text/html", index))],
    ["/script.js", get(() => page("text/javascript", script))],
    ["/style.css", get(() => page("text/css", style))],
    [
      "/status.json",
      get(async () => ({ status: 200, type: "application/json", body: await status() })),
    ],
    ["/healthz", get((request) => healthOf(request, source))],
    [
      "/metrics",
      get(async () => ({ status: 200, type: EXPOSITION_TYPE, body: await exposition() })),
    ],
    ["/events", { GET: () => feed.stream(HEADERS) }],
    // Lines of JSON as they are in the file: the browser reads them, the daemon does not.
    [
      "/history",
      get(async () => ({ status: 200, type: "application/jsonl", body: await history() })),
    ],
    ["/handover", { POST: post }],
    ["/maintenance", { POST: post }],
  ]);
  return async (request, from) => {
    const found = routed(routes, request);
    return withHeaders("status" in found ? found : await found.route(request, from));
  };
}

function withHeaders(answer: Answer): Answer {
  return { ...answer, headers: { ...HEADERS, ...answer.headers } };
}

/** Carries out what was permitted. */
function ordersOf(source: WebSource): Route {
  return async ({ path, query }, from) => {
    const parameters = new URLSearchParams(query);
    if (path === "/handover") {
      const wanted = handoverRequest(parameters);
      if (typeof wanted === "string") return errorAnswer(400, wanted);
      const { instance, back } = wanted;
      source.ordered(`handover ${back ? "--back " : ""}${instance}`, from);
      return jsonAnswer(200, await source.handOver(wanted));
    }
    const wanted = maintenanceRequest(parameters);
    if (typeof wanted === "string") return errorAnswer(400, wanted);
    source.ordered(`maintenance ${wanted.on ? "on" : "off"}`, from);
    return jsonAnswer(200, await source.maintain(wanted));
  };
}

/**
 * 200 where this node holds the instance that is asked for, or any where none is named; 503
 * elsewhere. For uptime checkers and load balancers.
 */
function healthOf({ query }: HttpRequest, source: WebSource): HttpAnswer {
  const name = new URLSearchParams(query).get("instance");
  const instances = source.states();
  const asked = name === null ? instances : instances.filter((one) => one.name === name);
  if (name !== null && asked.length === 0) return errorAnswer(404, "no instance has this name");
  const held = asked.filter(({ state }) => state === "master");
  // An instance of both families is held when both virtual routers are.
  const isHeld = name === null ? held.length > 0 : held.length === asked.length;
  const answer = asked.map(({ name, family, state }) => ({ name, family, state }));
  return jsonAnswer(isHeld ? 200 : 503, { held: isHeld, instances: answer });
}

function page(type: string, text: string): HttpAnswer {
  return { status: 200, type: `${type}; charset=utf-8`, body: new TextEncoder().encode(text) };
}
