/** Packet sockets (packet(7)) for programs that a lab runs inside a namespace. */

const AF_PACKET = 17, SOCK_RAW = 3, SOCK_NONBLOCK = 0o4000;

/** socket(2), bind(2), send(2), recv(2), recvfrom(2), usleep(3). */
export const libc = Deno.dlopen("libc.so.6", {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  recvfrom: {
    parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"],
    result: "isize",
  },
  usleep: { parameters: ["u32"], result: "i32" },
}).symbols;

/** One of the interface with this index that does not wait; `protocol` 0: it hears nothing. */
export function openPacketSocket(index: number, protocol: number): number {
  const wire = (protocol & 0xff) << 8 | protocol >> 8;
  const socket = libc.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, wire);
  const place = new Uint8Array(20);
  const view = new DataView(place.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol);
  view.setInt32(4, index, true);
  if (socket < 0 || libc.bind(socket, place, place.length) !== 0) {
    throw new Error("no packet socket: needs root");
  }
  return socket;
}
