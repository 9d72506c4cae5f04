"""WebSockets that come, echo for three seconds, say goodbye and go; each must go through to its end."""
import base64
import os
import selectors
import socket
import time

AT_A_TIME = 20
LASTS_S, EVERY_S, PATIENCE_S = 3.0, 0.1, 10.0


def frame(opcode, payload):
    """One masked frame of at most 125 bytes, as a client sends it."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes([0x80 | opcode, 0x80 | len(payload)]) + mask + masked


class Socket:
    def __init__(self, port):
        self.began = self.heard = time.monotonic()
        self.sent = self.echoed = 0
        self.next_at = self.began
        self.is_open = self.is_closing = False
        self.got = b""
        self.link = socket.create_connection(("127.0.0.1", port), 5)
        self.link.setblocking(False)
        key = base64.b64encode(os.urandom(16)).decode()
        self.link.sendall(("GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                           f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())

    def tick(self, now):
        """Sends what is due; why it failed, if it did."""
        if now - self.heard > PATIENCE_S:
            return f"WebSocket: nothing heard for {PATIENCE_S} s"
        if not self.is_open or self.is_closing or now < self.next_at:
            return None
        self.next_at = now + EVERY_S
        try:
            if now - self.began > LASTS_S and self.sent == self.echoed:
                self.is_closing = True
                self.link.sendall(frame(8, b"\x03\xe8"))
            elif now - self.began <= LASTS_S:
                self.link.sendall(frame(1, b"message %d" % self.sent))
                self.sent += 1
        except OSError as problem:
            return f"WebSocket: {problem}"
        return None

    def read(self, now):
        """(it is over, why it failed or None)"""
        try:
            more = self.link.recv(65536)
        except BlockingIOError:
            return False, None
        except OSError as problem:
            return True, f"WebSocket after {now - self.began:.1f} s: {problem}"
        if not more:
            return True, f"WebSocket ended after {now - self.began:.1f} s without a close"
        self.heard = now
        self.got += more
        if not self.is_open:
            head, end, rest = self.got.partition(b"\r\n\r\n")
            if not end:
                return False, None
            if not head.startswith(b"HTTP/1.1 101"):
                return True, f"WebSocket was answered {head[:30]!r}"
            self.is_open, self.got = True, rest
        while len(self.got) >= 2 and len(self.got) >= 2 + self.got[1]:
            opcode, payload = self.got[0] & 15, self.got[2:2 + self.got[1]]
            self.got = self.got[2 + self.got[1]:]
            if opcode == 8:
                return True, None if self.is_closing else f"WebSocket was closed by the other side: {payload!r}"
            if payload != b"message %d" % self.echoed:
                return True, f"WebSocket echoed {payload!r} for message {self.echoed}"
            self.echoed += 1
        return False, None


def run(port, stopping, result):
    selector, sockets, count, failures = selectors.DefaultSelector(), {}, 0, []

    def end(link, why):
        nonlocal count
        selector.unregister(link)
        link.close()
        del sockets[link]
        count += 1
        if why:
            failures.append(why)

    while sockets or not stopping.is_set():
        while len(sockets) < AT_A_TIME and not stopping.is_set():
            try:
                new = Socket(port)
            except OSError as problem:
                count += 1
                failures.append(f"WebSocket could not connect: {problem}")
                time.sleep(0.1)
                continue
            sockets[new.link] = new
            selector.register(new.link, selectors.EVENT_READ)
        for key, _ in selector.select(0.02):
            over, why = sockets[key.fileobj].read(time.monotonic())
            if over:
                end(key.fileobj, why)
        for link, each in list(sockets.items()):
            why = each.tick(time.monotonic())
            if why:
                end(link, why)
    result.put((count, failures))
