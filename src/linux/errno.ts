/** errno: names and texts of strerror(3); numbers are equal on x86-64 and arm64. */

/** errno(3): those that code branches on. */
export const ESRCH = 3,
  EINTR = 4,
  EBADF = 9,
  EAGAIN = 11,
  EEXIST = 17,
  ENODEV = 19,
  EINVAL = 22,
  ENOSYS = 38,
  EMSGSIZE = 90,
  EADDRINUSE = 98,
  EADDRNOTAVAIL = 99,
  ENOBUFS = 105;

/** An errno for people. */
export interface ErrnoWords {
  /** "ENODEV". */
  readonly code: string;
  /** "No such device". */
  readonly words: string;
}

const TABLE: readonly (readonly [number, string, string])[] = [
  [1, "EPERM", "Operation not permitted"],
  [2, "ENOENT", "No such file or directory"],
  [3, "ESRCH", "No such process"],
  [4, "EINTR", "Interrupted system call"],
  [5, "EIO", "Input/output error"],
  [6, "ENXIO", "No such device or address"],
  [9, "EBADF", "Bad file descriptor"],
  [11, "EAGAIN", "Resource temporarily unavailable"],
  [12, "ENOMEM", "Cannot allocate memory"],
  [13, "EACCES", "Permission denied"],
  [14, "EFAULT", "Bad address"],
  [16, "EBUSY", "Device or resource busy"],
  [17, "EEXIST", "File exists"],
  [19, "ENODEV", "No such device"],
  [22, "EINVAL", "Invalid argument"],
  [23, "ENFILE", "Too many open files in system"],
  [24, "EMFILE", "Too many open files"],
  [28, "ENOSPC", "No space left on device"],
  [32, "EPIPE", "Broken pipe"],
  [34, "ERANGE", "Numerical result out of range"],
  [38, "ENOSYS", "Function not implemented"],
  [90, "EMSGSIZE", "Message too long"],
  [92, "ENOPROTOOPT", "Protocol not available"],
  [93, "EPROTONOSUPPORT", "Protocol not supported"],
  [94, "ESOCKTNOSUPPORT", "Socket type not supported"],
  [95, "EOPNOTSUPP", "Operation not supported"],
  [97, "EAFNOSUPPORT", "Address family not supported by protocol"],
  [98, "EADDRINUSE", "Address already in use"],
  [99, "EADDRNOTAVAIL", "Cannot assign requested address"],
  [100, "ENETDOWN", "Network is down"],
  [101, "ENETUNREACH", "Network is unreachable"],
  [104, "ECONNRESET", "Connection reset by peer"],
  [105, "ENOBUFS", "No buffer space available"],
  [107, "ENOTCONN", "Transport endpoint is not connected"],
  [110, "ETIMEDOUT", "Connection timed out"],
  [111, "ECONNREFUSED", "Connection refused"],
  [112, "EHOSTDOWN", "Host is down"],
  [113, "EHOSTUNREACH", "No route to host"],
];

const BY_NUMBER: ReadonlyMap<number, ErrnoWords> = new Map(
  TABLE.map(([number, code, words]) => [number, { code, words }]),
);

/**
 * Name and words of `errno` (positive); one that is not in the table gives "E91" and "Unknown error
 * 91".
 */
export function describeErrno(errno: number): ErrnoWords {
  return BY_NUMBER.get(errno) ?? { code: `E${errno}`, words: `Unknown error ${errno}` };
}
