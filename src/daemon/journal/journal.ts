/** Journal of the daemon: one line per event; the program above decides how it looks. */

/** syslog(3)'s levels, the four that floatip uses. */
export type Level = "debug" | "info" | "warning" | "error";

/** Takes one finished line without a newline; never throws, never waits. */
export interface Journal {
  write(level: Level, line: string): void;
}
