/** Paths of a server, and what each method does there. */
import { type HttpAnswer, type HttpRequest, type HttpStatus, jsonAnswer } from "./http_message.ts";

/** By path, then by method. */
export type Routes<Route> = ReadonlyMap<string, Readonly<Record<string, Route>>>;

/**
 * What `request` asks for; else its answer: 404 for an unknown path, 405 for a method that the path
 * does not have.
 */
export function routed<Route>(
  routes: Routes<Route>,
  { method, path }: HttpRequest,
): { readonly route: Route } | HttpAnswer {
  const methods = routes.get(path);
  if (methods === undefined) return errorAnswer(404, "there is nothing at this path");
  const route = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (route !== undefined) return { route };
  const allow = Object.keys(methods).join(", ");
  return { ...errorAnswer(405, `this path takes ${allow} only`), headers: { allow } };
}

/** `error`, one sentence, as JSON. */
export function errorAnswer(status: HttpStatus, error: string): HttpAnswer {
  return jsonAnswer(status, { error });
}
