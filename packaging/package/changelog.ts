/** CHANGELOG.md in the forms that Debian and rpm ask for. */

/** Who answers for the packages. */
export const MAINTAINER = "The floatip authors <floatip@floatip.invalid>";

/** A version of CHANGELOG.md. */
export interface Release {
  readonly version: string;
  /** Each without its leading "- ". */
  readonly changes: readonly string[];
}

/**
 * Reads CHANGELOG.md: a version is a heading of the second level, a change an item of a list.
 * Latest first.
 */
export function readReleases(markdown: string): readonly Release[] {
  const [, ...sections] = markdown.split(/^## /m);
  return sections.map((section) => ({
    version: /^\S+/.exec(section)?.[0] ?? "",
    changes: [...section.matchAll(/^- (.+)$/gm)].map(([, text = ""]) => text.replaceAll("`", "'")),
  }));
}

/** deb-changelog(5). `version` stands in place of the latest one's. */
export function debianChangelog(
  releases: readonly Release[],
  version: string,
  epoch: number,
): string {
  const date = rfc5322(epoch);
  return releases.map((release, index) =>
    [
      `floatip (${index === 0 ? version : release.version}) unstable; urgency=medium`,
      "",
      ...release.changes.map((change) => wrap(change, "  * ", "    ")),
      "",
      ` -- ${MAINTAINER}  ${date}`,
      "",
    ].join("\n")
  ).join("\n");
}

/** The %changelog of a spec file. */
export function rpmChangelog(
  releases: readonly Release[],
  version: string,
  epoch: number,
): string {
  const day = new Date(epoch * 1000).toUTCString().replace(
    /^(\w+), (\d+) (\w+) (\d+).*/,
    "$1 $3 $2 $4",
  );
  return releases.map((release, index) =>
    [
      `* ${day} ${MAINTAINER} - ${index === 0 ? version : release.version}-1`,
      ...release.changes.map((change) => wrap(change.replaceAll("%", "%%"), "- ", "  ")),
      "",
    ].join("\n")
  ).join("\n");
}

function rfc5322(epoch: number): string {
  return new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");
}

function wrap(text: string, first: string, rest: string): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    const longer = line.trim() === first.trim() || line.trim() === ""
      ? `${line}${word}`
      : `${line} ${word}`;
    if (longer.length <= 78) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = `${rest}${word}`;
  }
  return [...lines, line].join("\n");
}
