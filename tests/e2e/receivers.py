"""Receivers of notices: an HTTP server that writes down what it is sent and holds it to the documented shapes.

Each shape is told where it is documented. What does not fit is answered with 400, as the real one would, and kept in
`misfits`, which a test expects to be empty.
"""
import hashlib
import hmac
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def need(condition, what):
    if not condition:
        raise ValueError(what)


def only(value, allowed, required, where):
    need(isinstance(value, dict), f"{where} is no object")
    for key in value:
        need(key in allowed, f"{where} has an unknown member {key}")
    for key in required:
        need(key in value, f"{where} lacks {key}")


def is_text(value, most, where):
    need(isinstance(value, str) and 0 < len(value) <= most, f"{where} is not a text of at most {most}")


def slack_text(value, kinds, most, where):
    only(value, {"type", "text", "emoji"} if value.get("type") == "plain_text" else {"type", "text"}, {"type", "text"}, where)
    need(value["type"] in kinds, f"{where} is {value['type']}")
    is_text(value["text"], most, where)
    if value["type"] == "mrkdwn":
        need(not re.search(r"[<>]", value["text"]), f"{where} is not escaped")


def check_slack(request):
    """docs.slack.dev/reference/block-kit/blocks: the blocks slipway uses, with their limits."""
    body = request["json"]
    if request["path"] == "/judge":
        body.pop("timeout", None)  # Slack's own client lets its own setting slip into the message
    only(body, {"text", "blocks"}, {"text", "blocks"}, "the message")
    need(0 < len(body["blocks"]) <= 50, "too many blocks")
    for block in body["blocks"]:
        kind = block.get("type")
        if kind == "header":
            only(block, {"type", "text"}, {"text"}, kind)
            slack_text(block["text"], {"plain_text"}, 150, kind)
        elif kind == "section":
            only(block, {"type", "text", "fields"}, set(), kind)
            need("text" in block or "fields" in block, "a section with neither text nor fields")
            if "text" in block:
                slack_text(block["text"], {"mrkdwn", "plain_text"}, 3000, kind)
            need(0 < len(block.get("fields", [0])) <= 10, "fields")
            for field in block.get("fields", []):
                slack_text(field, {"mrkdwn", "plain_text"}, 2000, "a field")
        elif kind == "actions":
            only(block, {"type", "elements"}, {"elements"}, kind)
            need(0 < len(block["elements"]) <= 25, "elements")
            for button in block["elements"]:
                only(button, {"type", "text", "url"}, {"type", "text", "url"}, "a button")
                slack_text(button["text"], {"plain_text"}, 75, "a button")
                is_text(button["url"], 3000, "a button's address")
        elif kind == "context":
            only(block, {"type", "elements"}, {"elements"}, kind)
            need(0 < len(block["elements"]) <= 10, "elements")
            for element in block["elements"]:
                slack_text(element, {"mrkdwn", "plain_text"}, 3000, kind)
        else:
            raise ValueError(f"an unknown block {kind}")
    return 200, "ok"


def check_pagerduty(request):
    """developer.pagerduty.com: Events API v2, send-alert-event and send-change-event."""
    body = request["json"]
    is_text(body.get("routing_key"), 32, "routing_key")
    for link in body.get("links", []):
        only(link, {"href", "text"}, {"href"}, "a link")
    if request["path"] == "/v2/change/enqueue":
        only(body, {"routing_key", "payload", "links", "images"}, {"payload"}, "a change event")
        only(body["payload"], {"summary", "timestamp", "source", "custom_details"}, {"summary"}, "payload")
        is_text(body["payload"]["summary"], 1024, "summary")
        return 202, '{"status":"success"}'
    need(request["path"] == "/v2/enqueue", "no such path")
    only(body, {"routing_key", "event_action", "dedup_key", "payload", "client", "client_url", "links", "images"},
         {"event_action", "dedup_key"}, "an alert event")
    need(body["event_action"] in ("trigger", "acknowledge", "resolve"), "event_action")
    is_text(body["dedup_key"], 255, "dedup_key")
    if body["event_action"] == "trigger":
        payload = body.get("payload")
        only(payload, {"summary", "source", "severity", "timestamp", "component", "group", "class", "custom_details"},
             {"summary", "source", "severity"}, "payload")
        is_text(payload["summary"], 1024, "summary")
        need(payload["severity"] in ("critical", "warning", "error", "info"), "severity")
        need(ISO.match(payload["timestamp"]), "timestamp")
    return 202, '{"status":"success"}'


def check_sentry(request):
    """docs.sentry.io/api/releases: create-a-new-release-for-an-organization, create-a-deploy."""
    need(request["headers"].get("Authorization", "").startswith("Bearer "), "no token")
    body = request["json"]
    if request["method"] == "GET":  # list-an-organizations-releases
        need(re.fullmatch(r"/api/0/organizations/[^/]+/releases/\?per_page=[0-9]+", request["path"]), "no such path")
        return 200, "[]"
    if re.fullmatch(r"/api/0/organizations/[^/]+/releases/", request["path"]):
        only(body, {"version", "projects", "ref", "url", "dateReleased", "commits", "refs"}, {"version", "projects"}, "a release")
        need(re.fullmatch(r"[^\n\t\f\r/\\]{1,200}", body["version"]) and body["version"] not in (".", "..", " ", "latest"), "version")
        need(body["projects"] and all(isinstance(one, str) for one in body["projects"]), "projects")
        return 201, "{}"
    need(re.fullmatch(r"/api/0/organizations/[^/]+/releases/[^/]+/deploys/", request["path"]), "no such path")
    only(body, {"environment", "url", "name", "projects", "dateStarted", "dateFinished"}, {"environment"}, "a deploy")
    is_text(body["environment"], 64, "environment")
    is_text(body["name"], 64, "name")
    return 201, "{}"


def checker_of_webhook(key):
    """docs/formats/notices.md."""
    def check(request):
        headers = request["headers"]
        stamp = headers.get("Slipway-Timestamp", "")
        want = "v1=" + hmac.new(key.encode(), stamp.encode() + b"." + request["body"], hashlib.sha256).hexdigest()
        need(hmac.compare_digest(want, headers.get("Slipway-Signature", "")), "the signature is wrong")
        body = request["json"]
        only(body, {"key", "kind", "subject", "severity", "turn", "app", "environment", "release", "version", "live", "by",
                    "text", "at", "at_ms", "facts", "links"}, {"key", "kind", "text", "at", "at_ms"}, "a notice")
        need(headers.get("Idempotency-Key") == body["key"] and headers.get("Slipway-Event") == body["kind"], "headers")
        need(ISO.match(body["at"]), "at")
        return 200, ""
    return check


class Receiver:
    """`check(request)` gives (status, text) or raises ValueError; `rules` are statuses to give first, one a request."""

    def __init__(self, check, rules=(), tls=None):
        self.got, self.misfits = [], []
        self._check, self._rules, self._lock = check, list(rules), threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, text = receiver.take({"method": self.command, "path": self.path, "headers": dict(self.headers),
                                              "body": body})
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text.encode())
                except OSError:
                    pass  # the daemon was killed in between: that is what the test is about

            do_GET = do_POST

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a handshake that was broken off

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request):
        with self._lock:
            if self._rules:
                status = self._rules.pop(0)
                if status != 200:
                    return status, "not now" if status >= 500 else "invalid_payload"
            try:
                request["json"] = json.loads(request["body"]) if request["method"] == "POST" else None
                status, text = self._check(request)
            except (ValueError, KeyError, TypeError, AttributeError) as problem:
                self.misfits.append(f"{request['path']}: {problem}: {request['body'].decode(errors='replace')}")
                return 400, "invalid_payload"
            self.got.append(request)
            return status, text

    def close(self):
        self.server.shutdown()
        self.server.server_close()
