"""The part of CloudWatch Logs Insights' query language that the double evaluates, and nothing beyond it.

Commands: `fields`, `display`, `filter`, `parse`, `stats`, `sort`, `limit`. What is not understood raises Malformed.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SCALAR_CALLS = {
    "isipinsubnet": 2,
    "isipv4insubnet": 2,
    "isipv6insubnet": 2,
    "ispresent": 1,
    "isempty": 1,
    "strcontains": 2,
    "tolower": 1,
}
"""Functions of one record, with the number of their arguments."""
AGGREGATES = {"count", "count_distinct", "sum", "min", "max", "avg", "earliest", "latest"}
MOST_ROWS = 10_000


class Malformed(Exception):
    """A query that is not understood; AWS answers MalformedQueryException."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | float


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """Two values and what stands between them: `and`, `or`, a comparison, or arithmetic."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Not:
    of: Expression


@dataclass(frozen=True, slots=True)
class In:
    value: Expression
    options: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Like:
    value: Expression
    pattern: re.Pattern[str]


Expression = Field | Literal | Call | Operation | Not | In | Like


@dataclass(frozen=True, slots=True)
class Named:
    """An expression and the name of its column."""

    expression: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Fields:
    columns: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Display:
    columns: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    condition: Expression


@dataclass(frozen=True, slots=True)
class Parse:
    value: Expression
    pattern: re.Pattern[str]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    aggregates: tuple[Named, ...]
    by: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    keys: tuple[tuple[Expression, bool], ...]
    """Each with whether it descends."""


@dataclass(frozen=True, slots=True)
class Limit:
    rows: int


Command = Fields | Display | Filter | Parse | Stats | Sort | Limit

_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<number>\d+(?:\.\d+)?)|"
    r"(?P<name>@?[A-Za-z_][A-Za-z0-9_.]*|`[^`]+`)|(?P<sign>!=|<=|>=|=~|[=<>+\-*/%^(),\[\]|]))"
)
_REGEX = re.compile(r"\s*/((?:[^/\\]|\\.)+)/")
_ESCAPED = re.compile(r"\\(.)")


def parse_query(text: str) -> tuple[Command, ...]:
    """The commands of a query. Raises Malformed."""
    return _Parser(text).commands()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        self.at = 0

    def commands(self) -> tuple[Command, ...]:
        if not self.text.strip():
            raise Malformed("an empty query")
        found = [self.command()]
        while self.sign("|"):
            found.append(self.command())
        if self.text[self.at :].strip():
            raise self.unexpected()
        return tuple(found)

    def command(self) -> Command:
        match self.word("fields", "display", "filter", "parse", "stats", "sort", "limit"):
            case "fields":
                return Fields(self.listed())
            case "display":
                return Display(self.listed())
            case "filter":
                return Filter(self.either())
            case "parse":
                return self.parsing()
            case "stats":
                return Stats(self.listed(aggregates=True), self.listed() if self.word("by") else ())
            case "sort":
                return self.sorting()
            case "limit":
                return self.limiting()
            case _:
                raise self.unexpected()

    def parsing(self) -> Parse:
        value = self.sum() if not self.peek("text") else Field("@message")
        if pattern := self.regex():
            names = tuple(pattern.groupindex) or self.names()
            return Parse(value, pattern, names)
        glob = self.text_literal()
        names = self.names()
        if glob.count("*") != len(names):
            raise Malformed(f"parse has {glob.count('*')} wildcards and {len(names)} names")
        parts = [re.escape(part) for part in glob.split("*")]
        whole = "".join(part + ("(.*?)" if place < len(parts) - 1 else "") for place, part in enumerate(parts))
        return Parse(value, re.compile(whole + ("$" if glob.endswith("*") else ""), re.DOTALL), names)

    def names(self) -> tuple[str, ...]:
        if not self.word("as"):
            raise self.unexpected()
        found = [self.name()]
        while self.sign(","):
            found.append(self.name())
        return tuple(found)

    def sorting(self) -> Sort:
        keys = []
        while True:
            key = self.sum()
            keys.append((key, self.word("asc", "desc") != "asc"))
            if not self.sign(","):
                return Sort(tuple(keys))

    def limiting(self) -> Limit:
        token = self.token("number")
        if token is None or not token.isdigit() or not 1 <= int(token) <= MOST_ROWS:
            raise Malformed(f"limit takes 1 to {MOST_ROWS}")
        return Limit(int(token))

    def listed(self, *, aggregates: bool = False) -> tuple[Named, ...]:
        found = []
        while True:
            self.spaces()
            start = self.at
            value = self.aggregate() if aggregates else self.sum()
            written = self.text[start : self.at].strip()
            found.append(Named(value, self.name() if self.word("as") else written.strip("`")))
            if not self.sign(","):
                return tuple(found)

    def aggregate(self) -> Expression:
        name = self.name().lower()
        if name not in AGGREGATES or not self.sign("("):
            raise Malformed(f"{name} is no aggregate function")
        if name == "count" and (self.sign("*") or self.peek(")")):
            arguments: tuple[Expression, ...] = ()
        else:
            arguments = (self.sum(),)
        self.closing(")")
        return Call(name, arguments)

    def either(self) -> Expression:
        found = self.both()
        while self.word("or"):
            found = Operation("or", found, self.both())
        return found

    def both(self) -> Expression:
        found = self.negated()
        while self.word("and"):
            found = Operation("and", found, self.negated())
        return found

    def negated(self) -> Expression:
        return Not(self.negated()) if self.word("not") else self.comparison()

    def comparison(self) -> Expression:
        left = self.sum()
        for operator in ("!=", "<=", ">=", "=~", "=", "<", ">"):
            if self.sign(operator):
                return self.matching(left) if operator == "=~" else Operation(operator, left, self.sum())
        opposite = self.word("not") is not None
        found: Expression = left
        if self.word("like"):
            found = self.matching(left)
        elif self.word("in"):
            found = In(left, self.options())
        elif opposite:
            raise self.unexpected()
        return Not(found) if opposite else found

    def matching(self, left: Expression) -> Expression:
        return Like(left, self.regex() or re.compile(re.escape(self.text_literal())))

    def options(self) -> tuple[Expression, ...]:
        self.closing("[")
        found = [self.sum()]
        while self.sign(","):
            found.append(self.sum())
        self.closing("]")
        return tuple(found)

    def sum(self) -> Expression:
        found = self.product()
        while operator := self.sign("+") or self.sign("-"):
            found = Operation(operator, found, self.product())
        return found

    def product(self) -> Expression:
        found = self.value()
        while operator := self.sign("*") or self.sign("/") or self.sign("%") or self.sign("^"):
            found = Operation(operator, found, self.value())
        return found

    def value(self) -> Expression:
        if self.sign("("):
            found = self.either()
            self.closing(")")
            return found
        if self.peek("text"):
            return Literal(self.text_literal())
        if number := self.token("number"):
            return Literal(float(number))
        name = self.name()
        if not self.sign("("):
            return Field(name)
        if SCALAR_CALLS.get(name.lower(), 0) < 1:
            raise Malformed(f"{name} is no function")
        arguments = [self.sum()]
        while self.sign(","):
            arguments.append(self.sum())
        self.closing(")")
        if len(arguments) != SCALAR_CALLS[name.lower()]:
            raise Malformed(f"{name} takes {SCALAR_CALLS[name.lower()]} arguments")
        return Call(name.lower(), tuple(arguments))

    def spaces(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def next(self) -> tuple[str, str, int]:
        """The kind of the next token, its text and where it ends."""
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            return "", "", self.at
        return str(found.lastgroup), found[str(found.lastgroup)], found.end()

    def peek(self, wanted: str) -> bool:
        kind, text, _ = self.next()
        return wanted in {kind, text}

    def token(self, wanted: str) -> str | None:
        kind, text, end = self.next()
        if kind != wanted:
            return None
        self.at = end
        return text

    def sign(self, wanted: str) -> str:
        kind, text, end = self.next()
        if kind != "sign" or text != wanted:
            return ""
        self.at = end
        return text

    def closing(self, wanted: str) -> None:
        if not self.sign(wanted):
            raise self.unexpected()

    def word(self, *wanted: str) -> str | None:
        kind, text, end = self.next()
        if kind != "name" or text.lower() not in wanted:
            return None
        self.at = end
        return text.lower()

    def name(self) -> str:
        found = self.token("name")
        if found is None:
            raise self.unexpected()
        return found.strip("`")

    def text_literal(self) -> str:
        found = self.token("text")
        if found is None:
            raise self.unexpected()
        return _ESCAPED.sub(r"\1", found[1:-1])

    def regex(self) -> re.Pattern[str] | None:
        found = _REGEX.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        try:
            return re.compile(re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", found[1]))
        except re.error as error:
            raise Malformed(f"the regular expression /{found[1]}/: {error}") from error

    def unexpected(self) -> Malformed:
        return Malformed(f"unexpected symbol at {self.text[self.at : self.at + 20].strip()!r}, character {self.at}")
