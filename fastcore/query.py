"""The query language of `fastcore.scan`: text to tree to the program that the compiled core runs.

A tree is made of `And`, `Or`, `Not`, `Text`, `Field` and `Is` nodes, immutable and comparable. All functions are pure
and thread-safe; parsing takes O(length) time.

>>> parse('timeout OR "connection reset" -role:user')
Or(Text('timeout'), And(Text('connection reset'), Not(Field('role', 'user'))))
>>> parse("") is None
True
"""

from __future__ import annotations

import os

from fastcore.errors import QueryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

__all__ = ["FIELDS", "FLAGS", "HELP", "And", "Field", "Is", "Not", "Or", "Text", "combine", "compile_query", "from_where", "parse"]

FIELDS = ("role", "type", "session", "uuid", "cwd", "project", "branch", "model", "tool")
FLAGS = ("error", "human")
MAX_CHARACTERS = 65_536
MAX_LEVELS = 256
SPACE = " \t\r\n"


class _Node:
    __slots__ = ("_key",)
    _key: tuple[Any, ...]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._key == self._key  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self._key))})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._key


class Text(_Node):
    """The record's text holds `value`; an empty value matches every record."""

    __slots__ = ()

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_key", (value,))

    @property
    def value(self) -> str:
        return str(self._key[0])


class Field(_Node):
    """The record's field `name` has `value`, by the meaning of that field (see `HELP`)."""

    __slots__ = ()

    def __init__(self, name: str, value: str) -> None:
        object.__setattr__(self, "_key", (name, value))

    @property
    def name(self) -> str:
        return str(self._key[0])

    @property
    def value(self) -> str:
        return str(self._key[1])


class Is(_Node):
    """The record is an `error` or `human`."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        object.__setattr__(self, "_key", (name,))

    @property
    def name(self) -> str:
        return str(self._key[0])


class Not(_Node):
    """The child does not match."""

    __slots__ = ()

    def __init__(self, child: _Node) -> None:
        object.__setattr__(self, "_key", (child,))

    @property
    def children(self) -> tuple[_Node, ...]:
        return self._key


class _Many(_Node):
    __slots__ = ()

    def __init__(self, *children: _Node) -> None:
        if len(children) < 2:
            raise ValueError(f"{type(self).__name__} takes two children and more")
        object.__setattr__(self, "_key", children)

    @property
    def children(self) -> tuple[_Node, ...]:
        return self._key


class And(_Many):
    """Every child matches."""

    __slots__ = ()


class Or(_Many):
    """At least one child matches."""

    __slots__ = ()


def _many(kind: type[_Many], children: list[_Node]) -> _Node:
    """Join children, flattening those of the same kind."""
    flat: list[_Node] = []
    for child in children:
        flat.extend(child.children if type(child) is kind else (child,))  # type: ignore[attr-defined]
    return flat[0] if len(flat) == 1 else kind(*flat)


class _Level:
    """An open parenthesis: alternatives of conjunctions, and the NOTs that wait for their operand."""

    __slots__ = ("column", "conjunction", "disjunction", "nots", "wants", "wants_column")

    def __init__(self, column: int) -> None:
        self.column = column
        self.disjunction: list[_Node] = []
        self.conjunction: list[_Node] = []
        self.nots = 0
        self.wants = ""  # the operator that still waits for its right side
        self.wants_column = column

    def add(self, node: _Node) -> None:
        for _ in range(self.nots):
            node = Not(node)
        self.nots = 0
        self.wants = ""
        self.conjunction.append(node)


_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def _phrase(query: str, at: int) -> tuple[str, int]:
    """Read the phrase whose opening quote stands at `at`; its value and the place behind it."""
    parts: list[str] = []
    place = at + 1
    while place < len(query):
        c = query[place]
        if c == '"':
            return "".join(parts), place + 1
        if c == "\\" and place + 1 < len(query) and query[place + 1] in _ESCAPES:
            parts.append(_ESCAPES[query[place + 1]])
            place += 2
        else:
            parts.append(c)
            place += 1
    raise QueryError("this quote is never closed", query, at + 1)


def _word_end(query: str, at: int) -> int:
    """The end of the bare word at `at`: white space, or a closing bracket that the word did not open."""
    depth = 0
    while at < len(query) and query[at] not in SPACE:
        if query[at] == "(":
            depth += 1
        elif query[at] == ")":
            if depth == 0:
                break
            depth -= 1
        at += 1
    return at


def _is_regex(word: str) -> bool:
    """True for a word that is wholly `/[^/]+/[imsu]*`."""
    if len(word) < 3 or word[0] != "/":
        return False
    close = word.find("/", 1)
    return close > 1 and all(c in "imsu" for c in word[close + 1 :])


def _quoted(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _field(query: str, at: int) -> tuple[_Node, int] | None:
    """Read the field term at `at`, None if there is none: an unknown prefix is literal text."""
    colon = query.find(":", at, at + 10)
    name = query[at:colon] if colon > 0 else ""
    if name not in FIELDS and name != "is":
        return None
    place = colon + 1
    if place < len(query) and query[place] == '"':
        value, end = _phrase(query, place)
    else:
        end = _word_end(query, place)
        value = query[place:end]
    if not value:
        raise QueryError(f"nothing follows {name}: (quote it to search for the text)", query, at + 1)
    return _make_field(name, value, query, at + 1), end


def _make_field(name: str, value: str, query: str = "", column: int = 0) -> _Node:
    if name == "is":
        if value not in FLAGS:
            raise QueryError(f"is:{value} is unknown: it is is:error or is:human", query, column)
        return Is(value)
    if name in ("cwd", "project"):
        value = value.rstrip("/") or "/"
    return Field(name, value)


def _negates(query: str, at: int) -> bool:
    """True if the `-` at `at` stands before a letter, a quote or an opening bracket."""
    following = query[at + 1 : at + 2]
    return following.isalpha() or following in ('"', "(")


class _Parser:
    def __init__(self, query: str) -> None:
        self.query = query
        self.levels = [_Level(0)]
        self.depth = 1

    def fail(self, message: str, at: int) -> QueryError:
        return QueryError(message, self.query, at + 1)

    def close(self, level: _Level) -> _Node | None:
        """Finish a level; None if it is empty."""
        if level.wants:
            raise self.fail(f"nothing follows {level.wants}", level.wants_column)
        if not level.conjunction:
            return None
        return _many(Or, [*level.disjunction, _many(And, level.conjunction)])

    def deepen(self, at: int) -> None:
        self.depth += 1
        if self.depth > MAX_LEVELS:
            raise self.fail(f"nested deeper than {MAX_LEVELS} levels", at)

    def operator(self, word: str, at: int) -> None:
        level = self.levels[-1]
        if word == "NOT":
            self.deepen(at)
            level.nots += 1
        elif not level.conjunction or level.wants:
            raise self.fail(f"nothing stands before {word}", at)
        elif word == "OR":
            level.disjunction.append(_many(And, level.conjunction))
            level.conjunction = []
        level.wants, level.wants_column = word, at

    def add(self, node: _Node) -> None:
        self.depth -= self.levels[-1].nots
        self.levels[-1].add(node)

    def term(self, at: int) -> int:
        """Read the term, bracket or operator at `at`; the place behind it."""
        query = self.query
        c = query[at]
        if c == "-" and _negates(query, at):
            # Binds to what follows as NOT does.
            self.operator("NOT", at)
            return at + 1
        if c == "(":
            self.deepen(at)
            self.levels.append(_Level(at))
            return at + 1
        if c == ")":
            if len(self.levels) == 1:
                raise self.fail("this bracket closes nothing", at)
            node = self.close(self.levels[-1])
            if node is None:
                raise self.fail("there is nothing between the brackets", self.levels[-1].column)
            self.levels.pop()
            self.depth -= 1
            self.add(node)
            return at + 1
        if c == '"':
            value, end = _phrase(query, at)
            self.add(Text(value))
            return end
        return self.bare(at)

    def bare(self, at: int) -> int:
        query = self.query
        found = _field(query, at)
        if found is not None:
            self.add(found[0])
            return found[1]
        end = _word_end(query, at)
        word = query[at:end]
        keyword = next((k for k in ("NOT", "AND", "OR") if word == k or word.startswith(k + "(")), None)
        if keyword is not None:
            # A keyword may touch an opening bracket.
            self.operator(keyword, at)
            return at + len(keyword)
        if _is_regex(word):
            raise self.fail(f"regular expressions are not there yet; as text it is {_quoted(word)}", at)
        self.add(Text(word))
        return end

    def parse(self) -> _Node | None:
        query = self.query
        at = 0
        while at < len(query):
            at = at + 1 if query[at] in SPACE else self.term(at)
        if len(self.levels) > 1:
            raise self.fail("this bracket is never closed", self.levels[-1].column)
        return self.close(self.levels[0])


def parse(query: str) -> _Node | None:
    """Parse a query; None for one that is empty and matches every record.

    Raises `QueryError` with the column for what cannot be read, is over 65,536 characters or nests deeper than 256
    levels, and TypeError for anything but str. O(length).

    >>> parse("git push --force")
    And(Text('git'), Text('push'), Text('--force'))
    >>> parse("-(a OR b) http://x role:user")
    And(Not(Or(Text('a'), Text('b'))), Text('http://x'), Field('role', 'user'))
    """
    if not isinstance(query, str):
        raise TypeError(f"a query is a str, not {type(query).__name__}")
    if len(query) > MAX_CHARACTERS:
        raise QueryError(f"longer than {MAX_CHARACTERS:,} characters", query, MAX_CHARACTERS + 1)
    _refuse_surrogates(query)
    return _Parser(query).parse()


def _refuse_surrogates(text: str) -> None:
    if text.isascii():
        return
    for at, c in enumerate(text):
        if "\ud800" <= c <= "\udfff":
            raise QueryError("a lone surrogate is no character", text, at + 1)


def from_where(where: Mapping[str, Any] | None) -> _Node | None:
    """Make a tree of a dict of field to value, or to a list of values any of which will do.

    All fields must match. The fields are those of the query language (`FIELDS`, and `is`); `cwd` and `project` take
    paths too. An empty list matches nothing. Raises ValueError for an unknown field, TypeError for values of another
    type.

    >>> from_where({"role": ["user", "assistant"], "tool": "Bash"})
    And(Or(Field('role', 'user'), Field('role', 'assistant')), Field('tool', 'Bash'))
    """
    terms: list[_Node] = []
    for name, given in (where or {}).items():
        if name not in FIELDS and name != "is":
            raise ValueError(f"where: unknown field {name!r}; known are {', '.join(FIELDS)} and is")
        values = list(given) if isinstance(given, (list, tuple, set, frozenset)) else [given]
        if isinstance(given, (set, frozenset)):
            values.sort(key=str)
        terms.append(_any_of([_make_field(name, _value(name, value)) for value in values]))
    return _many(And, terms) if terms else None


def _value(name: str, value: object) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str):
        raise TypeError(f"where: {name} takes str or a list of str, not {type(value).__name__}")
    if not value:
        raise ValueError(f"where: {name} is empty")
    _refuse_surrogates(value)
    return value


def _any_of(terms: list[_Node]) -> _Node:
    # Every record holds the empty text, so its negation matches none.
    return _many(Or, terms) if terms else Not(Text(""))


def combine(*trees: _Node | None) -> _Node | None:
    """Join trees by AND; None stands for a tree that matches everything.

    >>> combine(Text("a"), None, Text("b"))
    And(Text('a'), Text('b'))
    """
    present = [tree for tree in trees if tree is not None]
    return _many(And, present) if present else None


def compile_query(tree: _Node | None) -> list[tuple[str, str | int]]:
    """Turn a tree into the postfix program of `fastcore._native.scan.Plan`. O(nodes).

    >>> compile_query(parse("a -b"))
    [('text', 'a'), ('text', 'b'), ('not', 1), ('and', 2)]
    """
    return list(_steps(tree)) if tree is not None else []


def _steps(node: _Node) -> Iterator[tuple[str, str | int]]:
    stack: list[tuple[_Node, bool]] = [(node, False)]
    while stack:
        current, visited = stack.pop()
        if isinstance(current, Text):
            yield "text", current.value
        elif isinstance(current, Field):
            yield current.name, current.value
        elif isinstance(current, Is):
            yield "is", current.name
        elif visited:
            yield type(current).__name__.lower(), len(current._key)
        else:
            stack.append((current, True))
            stack.extend((child, False) for child in reversed(current._key))


HELP = """\
A query is words. A record matches if its text holds every one of them, in any
order, whatever the case:

  timeout                      the word, also inside a longer one (timeouts)
  connection reset             both, anywhere in the text
  "connection reset"           the phrase; inside quotes \\n \\t \\" \\\\ are escapes
  timeout OR deadlock          either; AND, OR and NOT are upper-case
  timeout -test                the first without the second; the same as NOT test
  (timeout OR deadlock) -test  brackets group; NOT binds before AND, AND before OR
  git push --force             --force is a word: - negates only at the start of a
                               term and before a letter, a quote or a bracket
  main() f(x) http://x         words: brackets that balance belong to the word

Field terms compare a record's fields exactly and case-sensitively:

  role:user type:summary       role of the message, else the record's type
  session:8b0d7a3c uuid:...    the whole id, or its first 8 characters and more
  cwd:/src/app                 that directory or below (/src/app, not /src/app2)
  project:/src/app             the same by the record's cwd; where it has none, by
                               the folder below projects/, in whose name every other
                               sign than a letter or digit is a -, so that /src/app
                               also finds the folder of /src.app or /src/app-2
  branch:main model:m1         equal
  tool:Bash                    the record uses that tool
  is:error is:human            a failed tool or request; typed by a person

An unknown prefix is text (TypeError: and http: are words), and so is anything in
quotes: "role:user". A value may be quoted: cwd:"/a b". An empty phrase "" is in
every text. A term that is wholly /.../ is kept for regular expressions: quote it to
search for the text. A query without terms matches every record.
"""
