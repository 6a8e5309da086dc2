"""A reader of the part of Coq's language that the definitions and statements of this folder use.

Terms are nested tuples, the first entry says what they are: ("number", 2), ("name", "x"), ("apply", f, a),
("fun", x, body), ("let", x, value, body), ("if", condition, yes, no), ("match", value, ((pattern, body), ..)),
("record", ((field, term), ..)), ("pair", a, b), ("nil",), ("cons", head, tail), (operator, a, b) for + - * / ^,
("negative", a), ("inverse", a), ("square", a), ("relations", (a, b, ..), ("<=", ..)), ("forall", x, body),
("implies", a, b), ("and", a, b), ("not", a).
"""

import re
from collections.abc import Callable
from typing import Any

Term = tuple[Any, ...]
_TOKEN = re.compile(
    r"\s*(\d+|[A-Za-z_][A-Za-z0-9_']*(?:\.[A-Za-z_][A-Za-z0-9_']*)*|:=|=>|->|<=|>=|<>|::|\{\||\|\}|/\\|\\/|[()\[\],:;|{}+\-*/^²<>=~%])"
)
_RELATIONS = ("<=", ">=", "<", ">", "=", "<>")
_STOP = frozenset({"end", "with", "then", "else", "in", "as", "return"})


class Unreadable(Exception):
    """The text is outside of what this reader knows."""


def tokens(text: str) -> list[str]:
    """The words and signs of a sentence; `Unreadable` for an unknown sign."""
    found, position = [], 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise Unreadable(f"unknown sign in {text[position : position + 30]!r}")
        found.append(match.group(1))
        position = match.end()
    return found


class Reader:
    """Reads terms from a list of tokens."""

    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.at = 0

    def next(self) -> str:
        """The token to come, "" at the end."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        """Consumes a token, which must be `expected` if that is given."""
        token = self.next()
        if not token or (expected and token != expected):
            raise Unreadable(f"expected {expected or 'more'}, found {token!r} in {' '.join(self.tokens)[:200]}")
        self.at += 1
        return token

    def skip_type(self, ends: tuple[str, ...]) -> None:
        """Passes over a type, up to one of `ends` outside of brackets."""
        depth = 0
        while self.next() and (depth or self.next() not in ends):
            depth += {"(": 1, ")": -1}.get(self.take(), 0)

    def binders(self, ends: tuple[str, ...]) -> list[str]:
        """The names bound before one of `ends`; types are left out."""
        names: list[str] = []
        while self.next() not in ends:
            token = self.take()
            if token == "(":
                while self.next() != ":":
                    names.append(self.take())
                self.take(":")
                self.skip_type((")",))
                self.take(")")
            elif token == "{":
                while self.take() != "}":
                    pass
            elif token == ":":
                self.skip_type(ends)
            else:
                names.append(token)
        return names

    def term(self) -> Term:
        """A term or a proposition, as long as it goes."""
        token = self.next()
        if token in ("fun", "forall"):
            self.take()
            end = "=>" if token == "fun" else ","
            names = self.binders((end,))
            self.take(end)
            return _nested(token, names, self.term())
        if token == "let":
            self.take()
            name, *arguments = self.binders((":=",))
            self.take(":=")
            value = _nested("fun", arguments, self.term())
            self.take("in")
            return ("let", name, value, self.term())
        if token == "if":
            self.take()
            condition = self.term()
            self.take("then")
            yes = self.term()
            self.take("else")
            return ("if", condition, yes, self.term())
        left = self.left_associative(self.conjunction, ("\\/",))
        if self.next() == "->":
            self.take()
            return ("implies", left, self.term())
        return left

    def left_associative(self, part: Callable[[], Term], signs: tuple[str, ...]) -> Term:
        """part sign part sign .. , bracketed from the left."""
        left = part()
        while self.next() in signs:
            left = (self.take(), left, part())
        return left

    def conjunction(self) -> Term:
        """A /\\ B, which brackets from the right; the order does not matter here."""
        left = self.negation()
        while self.next() == "/\\":
            self.take()
            left = ("and", left, self.negation())
        return left

    def negation(self) -> Term:
        """~ A"""
        if self.next() == "~":
            self.take()
            return ("not", self.negation())
        return self.relations()

    def relations(self) -> Term:
        """a <= b < c"""
        sides, signs = [self.cons()], []
        while self.next() in _RELATIONS:
            signs.append(self.take())
            sides.append(self.cons())
        return ("relations", tuple(sides), tuple(signs)) if signs else sides[0]

    def cons(self) -> Term:
        """k :: h"""
        left = self.left_associative(self.product, ("+", "-"))
        if self.next() == "::":
            self.take()
            return ("cons", left, self.cons())
        return left

    def product(self) -> Term:
        """a * b / c"""
        return self.left_associative(self.signed, ("*", "/"))

    def signed(self) -> Term:
        """- a and / a, which bind closer than a product."""
        if self.next() in ("-", "/"):
            sign = self.take()
            return ("negative" if sign == "-" else "inverse", self.signed())
        return self.power()

    def power(self) -> Term:
        """x ^ n"""
        base = self.application()
        if self.next() == "^":
            self.take()
            return ("^", base, self.signed())
        return base

    def application(self) -> Term:
        """f a b"""
        term = self.postfixed()
        while re.match(r"[\w(\[{]", self.next()) and self.next() not in _STOP and self.next() != "{":
            term = ("apply", term, self.postfixed())
        return term

    def postfixed(self) -> Term:
        """x² and x%nat"""
        term = self.atom()
        while self.next() in ("²", "%"):
            if self.take() == "²":
                term = ("square", term)
            else:
                self.take()
        return term

    def atom(self) -> Term:
        """A number, a name, something in brackets, a match or a record."""
        if self.next() in ("fun", "forall", "let", "if"):
            return self.term()
        token = self.take()
        if token.isdigit():
            return ("number", int(token))
        if token == "(":
            term = self.term()
            while self.next() == ",":
                self.take()
                term = ("pair", term, self.term())
            self.take(")")
            return term
        if token == "[":
            self.take("]")
            return ("nil",)
        if token == "{|":
            return self.record()
        if token == "match":
            return self.match()
        if re.match(r"[A-Za-z_]", token) and token not in _STOP:
            return ("name", token)
        raise Unreadable(f"{token!r} begins no term in {' '.join(self.tokens)[:200]}")

    def record(self) -> Term:
        """{| field := term; .. |}, after its opening."""
        fields = []
        while self.next() != "|}":
            name = self.take()
            self.take(":=")
            fields.append((name, self.term()))
            if self.next() == ";":
                self.take()
        self.take("|}")
        return ("record", tuple(fields))

    def match(self) -> Term:
        """match value with pattern => body | .. end, after its first word."""
        value = self.term()
        self.take("with")
        cases = []
        while self.next() != "end":
            if self.next() == "|":
                self.take()
            pattern = self.cons()
            self.take("=>")
            cases.append((pattern, self.term()))
        self.take("end")
        return ("match", value, tuple(cases))


def _nested(kind: str, names: list[str], body: Term) -> Term:
    for name in reversed(names):
        body = (kind, name, body)
    return body


def definition(text: str) -> tuple[str, Term]:
    """`Definition f (x : A) : B := body` or `Fixpoint ..`: the name, and the function of its arguments."""
    reader = Reader(text.split(maxsplit=1)[1])
    name = reader.take()
    names = reader.binders((":=",))
    reader.take(":=")
    term = _nested("fun", names, reader.term())
    if reader.next():
        raise Unreadable(f"{name}: text after the end: {reader.next()!r}")
    return name, term


def fields(text: str) -> list[str]:
    """`Record r := { a : A; b : B }`: a, b."""
    return [part.split(":")[0].strip() for part in text[text.index("{") + 1 : text.rindex("}")].split(";")]


def statement(text: str) -> tuple[list[str], Term]:
    """`Theorem name x y : proposition`: the names it is about, and the proposition."""
    reader = Reader(text.split(maxsplit=1)[1])
    reader.take()
    names = reader.binders((":",))
    reader.take(":")
    proposition = reader.term()
    if reader.next():
        raise Unreadable(f"text after the end: {reader.next()!r}")
    return names, proposition
