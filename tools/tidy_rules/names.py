"""Names: words that cannot tell what does not belong in them, and vendors in the engine."""
import re

from .tree import Finding, line_of, words_of

INSTEAD = {
    "manager": "name what it does to what (registry, pool, runner)",
    "helper": "name what it returns or does",
    "util": "name the thing it works on (text, units, digest)",
    "common": "name what the users of it share",
    "misc": "split it by what its parts are about",
    "handler": "name the event (on_request, on_signal)",
    "processor": "name the verb (parser, judge, sender)",
    "data": "name what it holds (bytes, rows, counts)",
    "info": "name what it tells (facts, status, peer)",
    "impl": "name what makes this one different (posix, in_memory, sqlite)",
}
_BANNED = "|".join(INSTEAD)
_PLURALS = {w + "s": w for w in INSTEAD}
_CANDIDATE = re.compile(r"\b[A-Za-z_]\w*\b", re.ASCII)
_QUICK = re.compile(_BANNED, re.IGNORECASE)
# What libraries call their own things. Names behind `.`, `->` or `::` are never looked at.
_FOREIGN = re.compile(r"^(?:sqlite3_|SSL_|EVP_|X509_|epoll_|CURL|nghttp2_|[A-Z0-9_]+$)")
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*#[^\n]*", re.MULTILINE)
# The names of tests are sentences: "NotEnoughData…" is what the product says.
_TEST_NAME = re.compile(r"^TEST\w*\([^)\n]*\)", re.MULTILINE)

VENDORLESS = ("src/ports/", "src/plan/", "src/release/")
VENDORS_ANYWHERE = ("docker", "kubernetes", "k8s", "swarm", "nginx", "haproxy", "heroku", "railway",
                    "podman", "traefik", "pagerduty", "fargate", "nomad", "cloudfront")
VENDORS_AS_WORDS = {"aws", "ecs", "ec2", "eks", "alb", "elb", "gcp", "gke", "azure", "envoy"}


def banned_word(name):
    for word in words_of(name):
        word = _PLURALS.get(word, word)
        if word in INSTEAD:
            return word
    return None


def banned_words(tree):
    """No declared name in C++ uses a word such as manager, util or info."""
    for path in tree.cpp():
        code = tree.code(path)
        if not _QUICK.search(code):
            continue
        seen = set()
        for name, offset in _declared(code):
            word = banned_word(name)
            if word and name not in seen:
                seen.add(name)
                yield Finding(path, line_of(code, offset), "banned_words",
                              f'"{name}" uses the word "{word}"', INSTEAD[word])


def _declared(code):
    for match in _DEFINE.finditer(code):
        yield match.group(1), match.start(1)
    for pattern in (_DIRECTIVE, _TEST_NAME):
        code = pattern.sub(lambda m: " " * len(m.group(0)), code)
    for match in _CANDIDATE.finditer(code):
        name = match.group(0)
        if not _QUICK.search(name) or _FOREIGN.match(name):
            continue
        if not re.search(r"(?:\.|->|::)\s*$", code[max(0, match.start() - 8):match.start()]):
            yield name, match.start()


def banned_file_names(tree):
    """No file or folder name uses such a word either."""
    for path in tree.paths():
        for part in path.split("/"):
            word = banned_word(part)
            if word:
                yield Finding(path, 1, "banned_file_names", f'"{part}" uses the word "{word}"',
                              INSTEAD[word])


def vendor_words(tree):
    """ports, plan and release never name a vendor."""
    for prefix in VENDORLESS:
        for path in tree.paths(prefix):
            for number, line in enumerate(tree.lines(path), 1):
                low = line.lower()
                hits = [v for v in VENDORS_ANYWHERE if v in low]
                hits += [v for v in words_of(line) if v in VENDORS_AS_WORDS]
                for vendor in hits:
                    yield Finding(path, number, "vendor_words", f'names the vendor "{vendor}"',
                                  "say what is needed as a capability; vendors live in drivers/")


CHECKS = (banned_words, banned_file_names, vendor_words)
