"""Lengths: a function fits a screen, a file fits a head."""
import ast
import re

from .tree import CPP, Finding, line_of

MOST_FUNCTION = 70
MOST_FILE = 800
CODE_ENDS = CPP + (".py", ".js", ".mjs", ".sh", ".cmake")
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
_BRACE = re.compile(r"[{};]")
_NOT_A_FUNCTION = re.compile(
    r"^\s*(?:template\s*<.*>\s*)?(?:inline\s+)?(?:namespace|class|struct|union|enum|extern|typedef|using)\b",
    re.DOTALL)


def is_code(tree, path):
    return path.endswith(CODE_ENDS) or tree.bytes(path)[:2] == b"#!"


def file_length(tree):
    """No file of code is longer than 800 lines."""
    for path in tree.paths():
        if is_code(tree, path):
            count = tree.text(path).count("\n")
            if count > MOST_FILE:
                yield Finding(path, count, "file_length", f"{count} lines, {MOST_FILE} at most",
                              "split it by what its parts are about")


def function_length(tree):
    """No function is longer than 70 lines, the signature included."""
    for path in tree.paths():
        if path.endswith(CPP):
            found = cpp_functions(tree.code(path))
        elif path.endswith(".py") or tree.bytes(path)[:64].startswith(b"#!/usr/bin/env python3"):
            found = python_functions(tree.text(path))
        else:
            continue
        for name, first, last in found:
            length = last - first + 1
            if length > MOST_FUNCTION:
                yield Finding(path, first, "function_length",
                              f"{name} is {length} lines, {MOST_FUNCTION} at most",
                              "keep the decisions here and move each branch's work to a function")


def python_functions(text):
    try:
        nodes = ast.walk(ast.parse(text))
    except SyntaxError:
        return []
    return [(n.name, n.lineno, n.end_lineno) for n in nodes
            if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]


def cpp_functions(code):
    """(name, first line, last line) of every outermost function, TEST bodies included.

    Works on braces: a block whose head holds a parenthesis and is no class, namespace or
    initialiser is a function; what is nested in it (lambdas, loops) belongs to it.
    """
    code = _DIRECTIVE.sub(lambda m: "\n" * m.group(0).count("\n"), code)
    marks = [(m.start(), m.group(0)) for m in _BRACE.finditer(code)]
    functions, head_start, i = [], 0, 0
    while i < len(marks):
        offset, mark = marks[i]
        head = code[head_start:offset]
        if mark == "{" and head.count("(") > head.count(")"):
            i = _matching(marks, i) + 1  # a default argument or an initialiser: the head goes on
            continue
        if mark == "{" and _is_function_head(head):
            i = _end_of_function(code, marks, i)
            start = head_start + len(head) - len(head.lstrip())
            last = marks[min(i, len(marks) - 1)][0]
            functions.append((_name_in(head), line_of(code, start), line_of(code, last)))
            head_start = last + 1
        else:
            head_start = offset + 1
        i += 1
    return functions


def _is_function_head(head):
    if "(" not in head or _NOT_A_FUNCTION.match(_without_labels(head)):
        return False
    return not re.search(r"(?<![=!<>])=\s*$", head)


def _without_labels(head):
    return re.sub(r"\b(?:public|private|protected)\s*:", "", head)


def _end_of_function(code, marks, i):
    """Index of the brace that ends the function whose first brace is marks[i].

    In `X() : a_{1}, b_{2} { … }` the first block is an initialiser: a comma or another brace
    follows it, and the function goes on.
    """
    while True:
        i = _matching(marks, i)
        if i + 1 >= len(marks):
            return i
        between = code[marks[i][0] + 1:marks[i + 1][0]].strip()
        if marks[i + 1][1] != "{" or (between and between[0] not in ",)"):
            return i
        i += 1


def _matching(marks, i):
    """Index of the brace that closes marks[i]."""
    depth = 0
    while i < len(marks):
        depth += {"{": 1, "}": -1, ";": 0}[marks[i][1]]
        if depth == 0 and marks[i][1] == "}":
            break
        i += 1
    return i


def _name_in(head):
    before = _without_labels(head).split("(")[0].strip()
    test = re.match(r"\s*(?:public:)?\s*TEST\w*\s*\(\s*(\w+)\s*,\s*(\w+)", head)
    if test:
        return f"{test.group(1)}.{test.group(2)}"
    words = re.findall(r"[\w:~]+", before)
    return words[-1] if words else "a function"


CHECKS = (file_length, function_length)
