/** The page: draws each status that comes, and says when none has come for 5 s. */

/** @typedef {import("../../control/api.ts").StatusDocument & { orders: boolean }} Status */
/** @typedef {import("../../history/line.ts").HistoryEntry} Entry */

const OLD_MS = 5000;
const SILENT_MS = 2500;
const DAYS = 3;
const MOST_LINES = 40;

/** A shape for each health: never a colour alone. */
const SHAPES = { held: "●", listening: "◌", fault: "▲", nobody: "✕", two: "✕" };
const STYLES = { held: "good", listening: "warn", fault: "warn", nobody: "bad", two: "bad" };

/** @type {{ status: Status | undefined, at: number, history: readonly Entry[], moves: string }} */
const heard = { status: undefined, at: 0, history: [], moves: "" };

/** @param {string} id */
function part(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`there is no ${id}`);
  return found;
}

/**
 * An element with texts and elements in it; text never becomes markup.
 * @param {string} name
 * @param {string} style
 * @param {...(Node | string)} children
 */
function element(name, style, ...children) {
  const made = document.createElement(name);
  if (style !== "") made.className = style;
  made.append(...children);
  return made;
}

/**
 * Rounded as the daemon rounds, so that one age is one number.
 * @param {number} ms
 */
function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const from = units.findIndex(([, size]) => seconds >= Number(size));
  if (from < 0) return "0 s";
  let rest = seconds;
  const parts = units.slice(from, from + 2).map(([unit, size]) => {
    const count = Math.floor(rest / Number(size));
    rest -= count * Number(size);
    return count === 0 ? "" : `${count} ${unit}`;
  });
  return parts.filter((text) => text !== "").join(" ");
}

/** @param {string} text */
const localTime = (text) =>
  new Date(text).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" });

/** @param {string} name @param {string} family */
const label = (name, family) => family === "ipv6" ? `${name} (IPv6)` : name;

/** @param {Status["instances"][number]} instance @param {Status["nodes"]} nodes */
const gone = ({ master }, nodes) =>
  nodes.find((one) => one.name === master?.node && /^(lost|left)$/.test(one.state));

/** @param {Status["instances"][number]} instance @param {Status} status */
function holderText(instance, { nodes, maintenance }) {
  const { health, master, rivals } = instance;
  const lost = gone(instance, nodes);
  const last = lost ? { node: lost.name, ago_ms: lost.heard_ms ?? 0 } : instance.last_holder;
  const past = last === null ? "" : `; ${last.node} held it ${duration(last.ago_ms)} ago`;
  const elsewhere = master === null || lost ? past : `; held by ${master.node}`;
  const told = reportsOf(nodes.find(({ name }) => name === master?.node)).find((one) =>
    one.name === instance.name && one.family === instance.family && one.state === "master"
  );
  const since = instance.state === "master" ? instance.since : told?.since;
  const time = since === undefined ? "" : ` for ${duration(Date.now() - Date.parse(since))}`;
  switch (health) {
    case "held":
      return lost ? past.slice(2) : `held by ${master?.node ?? "another node"}${time}`;
    case "two":
      return `TWO HOLDERS: ${[master?.node, ...rivals].filter((one) => one).join(" and ")}`;
    case "nobody":
      return `NO NODE HOLDS IT${past}`;
    case "fault":
      return `this node cannot hold it${elsewhere}`;
    default:
      if (maintenance === null || instance.state !== "init") {
        return "finding out which machine holds it";
      }
      return `this node is in maintenance${elsewhere}`;
  }
}

/** @param {Status} document */
function verdictOf({ instances, nodes, attention, maintenance }) {
  const healths = instances.map(({ health }) => health);
  if (healths.some((health) => health === "two")) return ["bad", "✕ An address has two holders"];
  if (healths.some((health) => health === "nobody")) return ["bad", "✕ An address has no holder"];
  if (instances.length === 0) return ["warn", "▲ This node has no instance"];
  if (instances.some((one) => one.health === "held" && gone(one, nodes))) {
    return ["warn", "▲ The holder of an address is gone"];
  }
  const isWell = healths.every((health) => health === "held") && attention.length === 0;
  if (isWell && maintenance === null) return ["good", "● All is well"];
  return ["warn", "▲ Held, and something needs a look"];
}

/** @param {readonly string[]} heads @param {readonly (readonly (Node | string)[])[]} rows */
function table(heads, rows) {
  const head = element("tr", "", ...heads.map((text) => element("th", "", text)));
  for (const cell of head.children) cell.setAttribute("scope", "col");
  const body = rows.map((cells) =>
    element("tr", "", ...cells.map((cell) => element("td", "", cell)))
  );
  return element("table", "", element("thead", "", head), element("tbody", "", ...body));
}

/** @param {readonly { name: string; up: boolean | null; last?: string }[]} checks */
function checksText(checks) {
  return checks.map(({ name, up, last }) =>
    up === null ? `◌ ${name} no result yet` : up ? `● ${name} up` : `✕ ${name} DOWN: ${last ?? ""}`
  ).join(", ");
}

/** @param {Status["instances"][number]} instance @param {Status} status */
function instanceCard(instance, status) {
  const { health, addresses, state, priority, faults, evidence, checks, cause, ready } = instance;
  const place = instance.interface ?? "no interface yet";
  const shown = health === "held" && gone(instance, status.nodes) ? "fault" : health;
  const lines = [
    element("h2", "", label(instance.name, instance.family)),
    element("p", "", `${addresses.join(", ")} on ${place}`),
    element("p", `holder ${STYLES[shown]}`, `${SHAPES[shown]} ${holderText(instance, status)}`),
    element("p", "dim", `this node: ${state}, priority ${priority}; ${cause}`),
    ...[...evidence, ...faults].map((text) => element("p", "bad", `✕ ${text}`)),
  ];
  if (ready !== null) {
    const named = status.nodes.filter(({ name, addresses }) => !addresses.includes(name));
    const total = named.filter(({ witness }) => !witness).length;
    const [style, shape] = ready < Math.min(2, total) ? ["warn", "▲"] : ["", "●"];
    lines.push(element("p", style, `${shape} ${ready} of ${total} nodes could hold it`));
  }
  if (checks.length > 0) lines.push(element("p", "", checksText(checks)));
  return element("article", "card", ...lines);
}

/** Nothing where the file has no [cluster]. @param {Status["nodes"][number] | undefined} node */
function reportsOf(node) {
  return node?.instances ?? [];
}

/** @param {Status} document */
function drawNodes({ nodes, instances }) {
  part("nodes").hidden = nodes.length === 0;
  const rows = nodes.map((node) => {
    const isHolder = instances.some((one) => one.master?.node === node.name && !gone(one, nodes));
    const what = reportsOf(node).map((one) =>
      element(
        "div",
        "",
        [
          `${label(one.name, one.family)}: ${one.state}, priority ${one.priority}`,
          checksText(one.checks),
          ...one.faults,
        ].filter((text) => text !== "").join("; "),
      )
    );
    const [style, shape] = node.state === "up" ? ["good", "●"] : ["warn", "▲"];
    return [
      `${isHolder ? "★ " : ""}${node.name}${node.self ? " (this node)" : ""}`,
      element("span", style, `${shape} ${node.words}`),
      element("div", "", ...what),
      node.heard_ms === null ? "" : `heard ${duration(node.heard_ms)} ago`,
    ];
  });
  part("nodes").querySelector(".wide")?.replaceChildren(
    table(["Node", "State", "What it says", "Known"], rows),
    element("p", "dim", "★ holds an address"),
  );
}

/** @param {Status} document */
function drawMaintenance({ maintenance }) {
  const section = part("maintenance");
  section.hidden = maintenance === null;
  if (maintenance === null) return;
  const { since, until, reason } = maintenance;
  const end = until === null ? "until it is switched off" : `until ${localTime(until)}`;
  const why = reason === null ? "" : `: ${reason}`;
  const text = `▲ This node is in maintenance since ${localTime(since)}, ${end}${why}`;
  section.replaceChildren(element("p", "warn", text));
}

/** @param {Status} news */
function draw(news) {
  const [style = "", text = ""] = verdictOf(news);
  setText("node", `on ${news.node}`);
  const verdict = part("verdict");
  verdict.className = style;
  if (verdict.textContent !== text) verdict.textContent = text;
  document.title = `${text} · ${news.node}`;
  drawMaintenance(news);
  part("attention").hidden = news.attention.length === 0;
  part("attention").querySelector("ul")?.replaceChildren(
    ...news.attention.map((line) => element("li", "", line)),
  );
  part("instances").replaceChildren(
    ...news.instances.map((instance) => instanceCard(instance, news)),
  );
  drawNodes(news);
  drawOrders(news);
}

/** @param {string} id @param {string} text */
function setText(id, text) {
  const found = part(id);
  if (found.textContent !== text) found.textContent = text;
}

/** Says how old the news is; after 5 s the page is no longer what is. */
function drawAge() {
  const age = Date.now() - heard.at;
  const isOld = heard.status !== undefined && age > OLD_MS;
  document.body.classList.toggle("old", isOld);
  if (heard.status === undefined) return;
  if (isOld) {
    setText("news", `✕ No news for ${duration(age)}: what is below was true then.`);
    setText("verdict", "◌ Not known: this node does not answer");
    part("verdict").className = "bad";
    document.title = "◌ no news · floatip";
  } else setText("news", "live");
}

/** @param {{ instance: string, family: string }} entry */
const labelOf = ({ instance, family }) => label(instance, family);

/** @param {Entry} entry */
function entryLine(entry) {
  const when = element("time", "", localTime(entry.time));
  when.setAttribute("datetime", entry.time);
  return element("li", "", when, entryText(entry));
}

/** @param {Entry} entry */
function entryText(entry) {
  switch (entry.kind) {
    case "transition":
      return `${labelOf(entry)}: ${entry.from} → ${entry.to}, ${entry.cause}`;
    case "near-miss":
      return `${labelOf(entry)}: near miss: ${entry.master} was silent for ${entry.late_ms} ms`;
    case "conflict":
      return `${labelOf(entry)}: conflict: ${entry.words}`;
    case "order":
      return `${entry.what} (ordered ` +
        `${entry.by === "mqtt" ? "by MQTT, broker" : "on the page from"} ${entry.from})`;
    default:
      return `floatip ${entry.what}`;
  }
}

/** When this node held each instance, as a bar over the last days. */
function drawTimeline() {
  const end = Date.now();
  const [first] = heard.history;
  const oldest = first === undefined ? end : Date.parse(first.time);
  const start = Math.max(oldest, end - DAYS * 86_400_000);
  const moves = heard.history.filter((entry) => entry.kind === "transition");
  const names = [...new Set(moves.map(labelOf))];
  const bars = names.map((name) => {
    const own = moves.filter((entry) => labelOf(entry) === name);
    const graphic = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    graphic.setAttribute("viewBox", "0 0 1000 20");
    graphic.setAttribute("preserveAspectRatio", "none");
    graphic.setAttribute("role", "img");
    let held = 0;
    own.forEach((entry, index) => {
      const from = Math.max(start, Date.parse(entry.time));
      const next = own[index + 1];
      const to = next === undefined ? end : Date.parse(next.time);
      if (to <= start) return;
      if (entry.to === "master") held += to - from;
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      const style = { master: "own", backup: "other" }[String(entry.to)] ?? "unknown";
      bar.setAttribute("class", style);
      bar.setAttribute("x", String((from - start) / (end - start) * 1000));
      bar.setAttribute("width", String(Math.max(1, (to - from) / (end - start) * 1000)));
      bar.setAttribute("y", style === "own" ? "0" : "4");
      bar.setAttribute("height", style === "own" ? "20" : "12");
      graphic.append(bar);
    });
    const text = `${name}: held by this node for ${duration(held)} of the last ` +
      `${duration(end - start)} (full bar: held here, outline: backup)`;
    graphic.setAttribute("aria-label", text);
    return element("div", "", element("p", "dim", text), graphic);
  });
  part("bars").replaceChildren(...bars);
  part("timeline").querySelector("ol")?.replaceChildren(
    ...heard.history.toReversed().slice(0, MOST_LINES).map(entryLine),
  );
}

async function readHistory() {
  const answer = await fetch("history");
  if (!answer.ok) return;
  heard.history = (await answer.text()).split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
  drawTimeline();
}

/** @param {Status} document */
function drawOrders({ orders, instances, maintenance }) {
  part("orders").hidden = !orders;
  if (!orders) return;
  const held = [
    ...new Set(instances.filter(({ state }) => state === "master").map(({ name }) => name)),
  ];
  const wanted = [
    ...held.map((name) => [`Hand ${name} over`, `handover?instance=${encodeURIComponent(name)}`]),
    maintenance === null
      ? ["Maintenance on", "maintenance?on=1"]
      : ["Maintenance off", "maintenance?on=0"],
  ];
  const box = part("buttons");
  const texts = wanted.map(([text]) => text).join();
  // Drawn anew only where they are others: the keyboard's focus stays.
  if (box.dataset["texts"] === texts) return;
  box.dataset["texts"] = texts;
  box.replaceChildren(...wanted.map(([text = "", path = ""]) => {
    const button = element("button", "", text);
    button.setAttribute("type", "button");
    button.addEventListener("click", () => void order(text, path));
    return button;
  }));
}

/** @param {string} text @param {string} path */
async function order(text, path) {
  const [password, reason] = ["password", "reason"].map((id) => {
    const input = part(id);
    return input instanceof HTMLInputElement ? input.value : "";
  });
  if (!confirm(`${text}?`)) return;
  const why = path.startsWith("maintenance?on=1") && reason
    ? `&reason=${encodeURIComponent(reason)}`
    : "";
  setText("answer", "…");
  try {
    const answer = await fetch(`${path}${why}`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`floatip:${password}`)}` },
    });
    const said = await answer.json();
    setText("answer", said.words ?? said.error ?? `answer ${answer.status}`);
  } catch {
    setText("answer", "the node did not answer");
  }
}

/** @param {MessageEvent<string>} message */
function take(message) {
  /** @type {Status} */
  const news = JSON.parse(message.data);
  heard.status = news;
  heard.at = Date.now();
  draw(news);
  drawAge();
  const moves = [news.maintenance, ...news.instances].map((one) => one?.since).join();
  if (moves === heard.moves) return;
  heard.moves = moves;
  void readHistory();
}

function follow() {
  const source = new EventSource("events");
  source.addEventListener("message", take);
  return source;
}

const following = { source: follow(), since: Date.now() };

/** A node that lost its power or its cable ends no connection: another may have its address. */
function followAnew() {
  if (Date.now() - Math.max(heard.at, following.since) < SILENT_MS) return;
  following.source.close();
  following.source = follow();
  following.since = Date.now();
}

setInterval(drawAge, 500);
setInterval(followAnew, 500);
setInterval(drawTimeline, 60_000);
part("order").addEventListener("submit", (event) => event.preventDefault());
