/** The Grafana dashboard: its panels and expressions, with the variables filled in. */

/** A panel as it stands in packaging/grafana/floatip.json. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

/** The part of a dashboard that the tests look at. */
export interface Dashboard {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly expr: string }[];
  };
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly definition?: string;
    }[];
  };
}

/** packaging/grafana/floatip.json. */
export async function readDashboard(): Promise<Dashboard> {
  const file = new URL("../../../packaging/grafana/floatip.json", import.meta.url);
  return JSON.parse(await Deno.readTextFile(file));
}

/**
 * Every expression with where it stands; `range` is put for $__rate_interval, everything for the
 * other variables.
 */
export function expressionsOf(
  dashboard: Dashboard,
  range = "1m",
): readonly { readonly where: string; readonly expression: string }[] {
  const written = [
    ...dashboard.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr, refId }) => ({ where: `${title} ${refId}`, expr }))
    ),
    ...dashboard.annotations.list.map(({ name, expr }) => ({ where: name, expr })),
  ];
  return written.map(({ where, expr }) => ({
    where,
    expression: expr.replaceAll("$__rate_interval", range).replaceAll(/\$\w+/g, ".*"),
  }));
}
