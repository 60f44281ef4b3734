/**
 * The places that probes and messages go to: URLs, and pairs of host and port, or words for what is
 * wrong with them.
 */
import { formatIp, parseIp } from "../net/ip.ts";
import { nearestWord } from "./did_you_mean.ts";

/** Words that follow the text in quotes ("has no port"), and the text as it was probably meant. */
export interface Wrong {
  readonly kind: "wrong";
  readonly what: string;
  readonly fix: string | undefined;
}

/** A host (a name or an address without brackets) and a port from 1 to 65535. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** A URL of one of `schemes` ("http", without the colon), which can be opened as it is. */
export function readUrl(
  text: string,
  schemes: readonly [string, ...string[]],
): { readonly kind: "url"; readonly host: string } | Wrong {
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/?#]*)(.*)$/s.exec(text);
  if (match === null) {
    const first = `${schemes[0]}://${text.replace(/^[^A-Za-z0-9[]+/, "")}`;
    const fix = readable(first, schemes) ? first : undefined;
    return wrong(`does not begin with ${schemes.map((name) => `${name}://`).join(" or ")}`, fix);
  }
  const [, scheme = "", authority = "", rest = ""] = match;
  if (!schemes.includes(scheme.toLowerCase())) {
    const meant = nearestWord(scheme, schemes) ?? schemes[0];
    const meantUrl = `${meant}://${authority}${rest}`;
    const fix = readable(meantUrl, schemes) ? meantUrl : undefined;
    return wrong(`has the scheme ${scheme}, and only ${schemes.join(" and ")} are known`, fix);
  }
  if (/\s/.test(text)) return wrong("has a blank in it", text.replace(/\s+/g, ""));
  const place = authority.replace(/^.*@/, "");
  const endpoint = readEndpoint(place, schemes[0] === "http" ? 80 : 1);
  if (endpoint.kind === "wrong") return wrong(endpoint.what, undefined);
  if (!URL.canParse(text)) return wrong("is not a URL", undefined);
  return { kind: "url", host: endpoint.host };
}

function readable(text: string, schemes: readonly [string, ...string[]]): boolean {
  return /:\/\//.test(text) && readUrl(text, schemes).kind === "url";
}

/**
 * "127.0.0.1:5432", "db.example.org:5432" or "[::1]:5432". Without `port` the text must have one.
 */
export function readEndpoint(
  text: string,
  port?: number,
): ({ readonly kind: "endpoint" } & Endpoint) | Wrong {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text);
  if (scheme !== null) {
    const bare = text.slice(scheme[0].length).replace(/\/$/, "");
    const fix = readEndpoint(bare, port).kind === "endpoint" ? bare : undefined;
    return wrong(`has the scheme ${scheme[0]} in front`, fix);
  }
  const address = parseIp(text);
  if (address?.family === "ipv6") {
    if (port !== undefined) return { kind: "endpoint", host: formatIp(address), port };
    return wrong("has no port", undefined);
  }
  const match = /^(?:\[([^\]]*)\]|([^\s:/[\]]*))(?::(.*))?$/.exec(text);
  if (match === null) return wrong("is not a host and a port", undefined);
  const [, inner, name = "", written] = match;
  const host = inner ?? name;
  const fault = hostFault(host, inner !== undefined);
  if (fault !== undefined) return wrong(fault, undefined);
  if (written === undefined) {
    return port === undefined ? wrong("has no port", undefined) : { kind: "endpoint", host, port };
  }
  if (!/^\d+$/.test(written)) {
    return wrong(`has the port "${written}", which is no number`, undefined);
  }
  const found = Number(written);
  return found >= 1 && found <= 65535
    ? { kind: "endpoint", host, port: found }
    : wrong(`has the port ${written.slice(0, 12)}, and ports are 1 to 65535`, undefined);
}

function hostFault(host: string, bracketed: boolean): string | undefined {
  if (host === "") return "has no host";
  if (bracketed) return parseIp(host)?.family === "ipv6" ? undefined : "has no IPv6 address in [ ]";
  if (/^[\d.]+$/.test(host) && parseIp(host) === undefined) {
    return `has the address ${host}, which is none`;
  }
  const labels = host.replace(/\.$/, "").split(".");
  const sound = host.length <= 253 &&
    labels.every((label) => /^[\p{L}\p{N}_-]{1,63}$/u.test(label));
  return sound ? undefined : "has no host name that could be one";
}

function wrong(what: string, fix: string | undefined): Wrong {
  return { kind: "wrong", what, fix };
}
