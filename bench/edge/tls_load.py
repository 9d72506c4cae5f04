"""Kept TLS connections that ask every now and then; each request must get its whole answer."""
import socket
import ssl
import threading

CONNECTIONS, EVERY_S, REQUESTS_EACH = 8, 0.04, 100
REQUEST = b"GET /bytes/1024 HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Client(threading.Thread):
    def __init__(self, port, stopping):
        super().__init__()
        self.port, self.stopping = port, stopping
        self.count, self.failures = 0, []

    def connect(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.port), 10), server_hostname="localhost")

    def closed_while_idle(self, link):
        """A connection that the server ended between two requests is no failure: the client sees it before it asks."""
        link.setblocking(False)
        try:
            return link.recv(1) == b""
        except (ssl.SSLWantReadError, BlockingIOError):
            return False
        except OSError:
            return True
        finally:
            link.settimeout(10)

    def ask(self, link):
        """One request; whether the connection may be asked again."""
        link.sendall(REQUEST)
        got = b""
        while len(got.partition(b"\r\n\r\n")[2]) < 1024:
            more = link.recv(65536)
            if not more:
                raise OSError(f"ended after {len(got)} bytes of an answer")
            got += more
        if not got.startswith(b"HTTP/1.1 200"):
            raise OSError(f"answered {got[:30]!r}")
        return b"connection: close" not in got.partition(b"\r\n\r\n")[0].lower()

    def run(self):
        link = None
        while not self.stopping.is_set():
            try:
                if link is None or self.closed_while_idle(link):
                    link, asked = self.connect(), 0
                self.count += 1
                asked += 1
                keeps = self.ask(link)
            except OSError as problem:
                self.failures.append(f"TLS: {problem}")
                keeps = False
            if not keeps or asked == REQUESTS_EACH:
                if link:
                    link.close()
                link = None
            self.stopping.wait(EVERY_S)


def run(port, stopping, result):
    clients = [Client(port, stopping) for _ in range(CONNECTIONS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    result.put((sum(client.count for client in clients), [why for client in clients for why in client.failures]))
