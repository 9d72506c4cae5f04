#!/usr/bin/env python3
"""What the measurements stand on: the upstream answers as README.md says, and the attackers tell endings apart.

usage: rig_test.py BUILD_FOLDER
"""
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
import unittest

import attackers
import edge_cpu
import tls_load
import websockets_load
from proxies import Upstream, answers, wait_until

BUILD = os.path.abspath(sys.argv.pop(1))


def talk(port, request):
    """All that comes back until the connection ends."""
    with socket.create_connection(("127.0.0.1", port), 10) as link:
        link.settimeout(10)
        link.sendall(request)
        got = b""
        try:
            while more := link.recv(65536):
                got += more
        except ConnectionResetError:
            pass
        return got


def get(port, path, size):
    """The body of one answer of this size."""
    with socket.create_connection(("127.0.0.1", port), 10) as link:
        link.settimeout(10)
        link.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        got = b""
        while len(got.partition(b"\r\n\r\n")[2]) < size:
            got += link.recv(65536)
        return got.partition(b"\r\n\r\n")[2]


class TheUpstream(unittest.TestCase):
    def setUp(self):
        self.upstream = Upstream(BUILD, core=None)
        self.port = self.upstream.open("one")

    def tearDown(self):
        self.upstream.stop()
        self.upstream.child.stdout.close()

    def test_answers_with_as_many_bytes_as_asked_also_when_they_are_read_slowly(self):
        self.assertTrue(answers(self.port))
        self.assertEqual(get(self.port, "/bytes/65536", 65536), b"x" * 65536)
        self.assertEqual(get(self.port, "/bytes/4000000", 4000000), b"x" * 4000000)

    def test_counts_bodies_with_a_length_and_in_chunks_on_one_connection(self):
        got = talk(self.port, b"POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloPOST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                              b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\nGET /nothing HTTP/1.1\r\n\r\n")
        self.assertIn(b"got 5", got)
        self.assertIn(b"got 22", got)  # with the bytes of its framing
        self.assertEqual(self.upstream.counts()[0], 3)

    def test_waits_before_it_answers_and_sends_events_for_as_long_as_asked(self):
        began = time.monotonic()
        self.assertEqual(get(self.port, "/wait/150", 6), b"waited")
        self.assertGreater(time.monotonic() - began, 0.14)
        events = talk(self.port, b"GET /events/350 HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\n\r\n")
        self.assertEqual(events.count(b"data: one"), 3)
        self.assertTrue(events.endswith(b"0\r\n\r\n"))

    def test_echoes_websockets_from_their_beginning_to_their_goodbye(self):
        result, stopping = multiprocessing.Queue(), threading.Event()
        websockets_load.LASTS_S = 0.3
        talking = threading.Thread(target=websockets_load.run, args=(self.port, stopping, result))
        talking.start()
        stopping.wait(0.5)
        stopping.set()
        talking.join()
        count, failures = result.get(timeout=10)
        self.assertEqual(failures, [])
        self.assertGreaterEqual(count, websockets_load.AT_A_TIME)

    def test_ends_every_connection_of_an_instance_that_is_closed_and_no_other(self):
        other = self.upstream.open("two")
        with socket.create_connection(("127.0.0.1", self.port), 5) as link, socket.create_connection(("127.0.0.1", other), 5) as kept:
            link.sendall(b"GET /hang HTTP/1.1\r\n\r\n")
            self.assertEqual(get(self.port, "/who", 3), b"one")  # so the first was accepted too
            self.upstream.close("one")
            self.assertEqual(link.recv(10), b"")
            kept.sendall(b"GET /who HTTP/1.1\r\n\r\n")
            self.assertTrue(kept.recv(4096).endswith(b"two"))
        self.assertFalse(answers(self.port))

    def test_counts_the_log_lines_it_is_sent(self):
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            self.upstream.collect(folder + "/log.sock")
            for _ in range(3):
                log.sendto(b"a line", folder + "/log.sock")
            wait_until("three lines", 5, lambda: self.upstream.counts()[1] == 3)

    def test_breaks_off_in_each_of_the_ways_the_attackers_tell_apart(self):
        for path, how in (("/early", "cut"), ("/nothing", "closed")):
            self.assertEqual(attackers.how_answered(talk(self.port, f"GET {path} HTTP/1.1\r\n\r\n".encode())), how)
        result = multiprocessing.Queue()
        attackers.ask_broken(self.port, "/early", 5, 5, result)
        result.get(timeout=5)
        self.assertEqual(result.get(timeout=5), {"cut": 5})


class TheAccounts(unittest.TestCase):
    def test_a_whole_answer_is_told_by_its_status(self):
        self.assertEqual(attackers.how_answered(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno"), "502")

    def test_a_bound_that_is_exceeded_is_told(self):
        scenario = edge_cpu.Scenario("small", "1 KiB", None)
        figures, missed = {}, []
        own, peer = [edge_cpu.Sample(8.0, 1000)], [edge_cpu.Sample(10.0, 1000)]
        edge_cpu.ratios_of(scenario, {"slipway": own, "nginx": peer}, figures, missed)
        self.assertEqual(figures["small_to_nginx"], 0.8)
        self.assertEqual(len(missed), 1)

    def test_http2_frames_are_written_as_the_rfc_draws_them(self):
        self.assertEqual(attackers.frame(attackers.RST_STREAM, 0, 5, b"\0\0\0\x08"), bytes.fromhex("000004030000000005 00000008"))

    def test_a_connection_closed_between_two_requests_is_seen_before_it_is_used(self):
        left, right = socket.socketpair()
        client = tls_load.Client(0, threading.Event())
        self.assertFalse(client.closed_while_idle(left))
        right.close()
        self.assertTrue(client.closed_while_idle(left))
        left.close()


if __name__ == "__main__":
    unittest.main()
