#!/usr/bin/python3
"""A real SMTP server (Debian's aiosmtpd) that wants STARTTLS and a password, and writes down what it got.

usage: /usr/bin/python3 mail_server.py CERTIFICATE KEY USER PASSWORD FILE
Prints its port. Each message is a line of JSON in FILE: sender, receivers, text. A receiver whose name begins with
"nobody" is refused for good, one with "later" for now.
"""
import json
import socket
import ssl
import sys
import threading
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

CERTIFICATE, KEY, USER, PASSWORD, FILE = sys.argv[1:6]


class Keeper:
    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address.startswith("nobody"):
            return "550 no such user here"
        if address.startswith("later"):
            return "451 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):
        with open(FILE, "a") as out:
            out.write(json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None,
                                  "text": envelope.content.decode()}) + "\n")
        return "250 kept"


def check(_server, _session, _envelope, _mechanism, data):
    return AuthResult(success=data.login == USER.encode() and data.password == PASSWORD.encode(), handled=False)


def main():
    warnings.simplefilter("ignore", DeprecationWarning)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    # It connects to itself before it counts as started, so it must know its port beforehand.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Keeper(), hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True,
                            authenticator=check, auth_required=True)
    controller.start()
    print(port, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
