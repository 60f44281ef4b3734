/** The version of this floatip. */

/** What `floatip --version` prints, and status tells: MAJOR.MINOR.PATCH (semver.org). */
export const VERSION = "0.1.0";
