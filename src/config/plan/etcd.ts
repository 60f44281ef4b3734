/** How the etcd cluster of a file is asked. Pure. */
import type { ClusterSettings } from "../tables/cluster.ts";

/** etcd's port for clients. */
const PORT = 2379;

/** How members are asked, and what their keys begin with. */
export type EtcdPlan = NonNullable<ReturnType<typeof etcdPlan>>;

/** How members are asked; undefined: the file names none. */
export function etcdPlan(cluster: ClusterSettings) {
  const { etcd, etcdUser: name, etcdPassword: password } = cluster;
  if (etcd === undefined) return undefined;
  const members = etcd.map((written) => {
    // A port that is the scheme's own is no part of a URL.
    const port = /:(\d+)\/?$/.exec(written)?.[1];
    const { protocol, hostname } = new URL(written);
    return {
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port: port === undefined ? PORT : Number(port),
      isSecure: protocol === "https:",
      authority: `${hostname}:${port ?? PORT}`,
    };
  });
  const user = name === undefined || password === undefined ? undefined : { name, password };
  return {
    prefix: cluster.etcdPrefix,
    members: members.map(({ authority }) => authority),
    settings: {
      members,
      user,
      ca: cluster.etcdCa,
      cert: cluster.etcdCert,
      key: cluster.etcdKey,
    },
  };
}
