/** The .rpm installs, verifies, keeps changed files, upgrades and goes, by a real rpm. */
import assert from "node:assert/strict";
import { Container } from "../../support/lab/container.ts";
import { debianRoot } from "../../support/lab/debian_root.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { until } from "../../support/until.ts";
import { onePackage } from "../../support/package/made.ts";

const reason = missing("mmdebstrap", "systemd-nspawn", "rpmbuild");

const ADDRESS = "10.77.0.50";

const FILE = `[instance.web]
vrid = 51
addresses = ["${ADDRESS}/24"]
advert_interval = "100ms"
`;

Deno.test({
  ...nameWith("the .rpm from installation to removal, on a booted machine with rpm", reason),
  fn: async (t) => {
    await using lan = await Lan.open({ hosts: ["pi-a"] });
    await using machine = await Container.boot(lan.host("pi-a"), await debianRoot());
    const steps = { installs, runs, keepsChanges, upgrades, goes };
    for (const [name, step] of Object.entries(steps)) await t.step(name, () => step(machine));
  },
});

/** The machine's other packages are Debian's: rpm knows none of them. */
async function rpm(machine: Container, flags: string, version: string): Promise<string> {
  const file = machine.take(await onePackage("rpm", version));
  return await machine.shell(`rpm ${flags} --nodeps ${file} 2>&1`);
}

async function installs(machine: Container): Promise<void> {
  const said = await rpm(machine, "-i", "0.1.0");
  assert.match(said, /3\. On all of them: +sudo systemctl enable --now floatip/);
  assert.equal(await machine.shell("rpm -V --nodeps floatip"), "");
  assert.equal(await machine.shell("stat -c '%a %U %G' /etc/floatip"), "2755 root floatipd\n");
  assert.equal((await machine.exec(["systemctl", "is-enabled", "floatip"])).stdout, "disabled\n");
  assert.match(
    await machine.shell("man -w floatip floatip.toml"),
    /floatip\.8.*\n.*floatip\.toml\.5/,
  );
}

async function runs(machine: Container): Promise<void> {
  machine.write("/etc/floatip/floatip.toml", FILE);
  await machine.shell("systemctl --quiet enable --now floatip");
  await until("the address", () => machine.host.holds(ADDRESS));
}

async function keepsChanges(machine: Container): Promise<void> {
  machine.write("/etc/floatip/floatip.toml.example", "# mine\n");
  assert.match(
    (await machine.exec(["rpm", "-V", "--nodeps", "floatip"])).stdout,
    /c \/etc\/floatip\/floatip\.toml\.example/,
  );
}

async function upgrades(machine: Container): Promise<void> {
  const pid = "systemctl show -p MainPID --value floatip";
  const before = await machine.shell(pid);
  await rpm(machine, "-U", "0.1.1");
  assert.equal(await machine.shell("rpm -q --qf '%{VERSION}' floatip"), "0.1.1");
  await until("the new daemon", async () => ![before, "0\n"].includes(await machine.shell(pid)));
  await until("the address", () => machine.host.holds(ADDRESS));
  assert.equal(await machine.shell("cat /etc/floatip/floatip.toml.example"), "# mine\n");
}

async function goes(machine: Container): Promise<void> {
  await machine.shell("rpm -e --nodeps floatip 2>&1");
  assert.equal(await machine.host.holds(ADDRESS), false);
  assert.equal(await machine.shell("pgrep -l floatip || true"), "");
  assert.notEqual((await machine.exec(["systemctl", "cat", "floatip"])).code, 0);
  const left = await machine.shell(
    "find /usr /etc/systemd /run -name '*floatip*'; ls /etc/floatip",
  );
  assert.equal(left, "floatip.toml\nfloatip.toml.example.rpmsave\n");
}
