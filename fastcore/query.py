"""The query language of `fastcore.scan`: text to tree to the program that the compiled core runs.

`HELP` explains the language to its users. A tree is made of `And`, `Or`, `Not`, `Text`, `Field` and `Is`
nodes; None stands for a query that matches every record. All functions are pure and thread-safe, and none
recurses: a tree of any depth can be compared, printed and pickled.

>>> parse('timeout OR "connection reset" -role:user')
Or(Text('timeout'), And(Text('connection reset'), Not(Field('role', 'user'))))
>>> parse("") is None
True
"""

from __future__ import annotations

import os

from fastcore.errors import QueryError, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

__all__ = [
    "FIELDS",
    "FLAGS",
    "HELP",
    "MAX_CHARACTERS",
    "MAX_LEVELS",
    "And",
    "Field",
    "Is",
    "Node",
    "Not",
    "Or",
    "Text",
    "combine",
    "compile_query",
    "from_where",
    "parse",
]

FIELDS = ("role", "type", "session", "uuid", "cwd", "project", "branch", "model", "tool")
FLAGS = ("error", "human")
MAX_CHARACTERS = 65_536
MAX_LEVELS = 256
SPACE = " \t\r\n"
_HINT = 60  # a longer word is not repeated in a message


class Node:
    """A node of a query's tree: immutable, hashable, and equal to a node with the same parts.

    Safe to share between threads. Comparing, hashing, printing and pickling are O(nodes below it); keeps the GIL.
    """

    __slots__ = ("_parts",)
    _parts: tuple[Any, ...]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        return self is other or compile_query(self) == compile_query(other)

    def __hash__(self) -> int:
        return hash(tuple(compile_query(self)))

    def __repr__(self) -> str:
        pieces: list[str] = []
        stack: list[Node | str] = [self]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                pieces.append(item)
                continue
            pieces.append(f"{type(item).__name__}(")
            stack.append(")")
            for part in reversed(item._parts):
                stack += (part if isinstance(part, Node) else repr(part), ", ")
            stack.pop()
        return "".join(pieces)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_program, (compile_query(self),)


class Text(Node):
    """The record's text holds `value`, by case folding unless the search is case-sensitive.

    An empty value is in every text, and matches records that have no text too. Made in O(length); otherwise as Node:
    safe to share between threads, keeps the GIL.
    """

    __slots__ = ()

    def __init__(self, value: str) -> None:
        object.__setattr__(self, "_parts", (_check_text(value),))

    @property
    def value(self) -> str:
        """The substring to find."""
        return str(self._parts[0])


class Field(Node):
    """The record's field `name`, one of `FIELDS`, has `value`: always exact and case-sensitive.

    `role`, `type`, `branch` and `model` are equal to it; a `tool` that the record uses is. `session` and
    `uuid` are equal to it or, if it has 8 characters and more, begin with it. `cwd` is that directory or
    below, by whole components (`/src/app` is not `/src/app2`). `project` means the same of the record's cwd;
    for a record without one, the folder below `projects` in the path of its file, as the scan names it, is equal to
    the encoded value or begins with it and `-` (a scan of `.` inside that folder does not see its name). The encoding
    turns everything but letters and digits into `-`, so that `/src/app` then finds the logs of `/src.app` and
    `/src/app-2` too. Slashes at the end of a `cwd` or `project` are dropped, but for `/` itself. ValueError for another
    name or no value. Made in O(length); otherwise as Node: safe to share between threads, keeps the GIL.
    """

    __slots__ = ()

    def __init__(self, name: str, value: str) -> None:
        if name not in FIELDS:
            raise ValueError(f"unknown field {name!r}; known are {', '.join(FIELDS)}")
        if not _check_text(value):
            raise ValueError(f"{name} has no value")
        if name in ("cwd", "project"):
            value = value.rstrip("/") or "/"
        object.__setattr__(self, "_parts", (name, value))

    @property
    def name(self) -> str:
        """The field, one of `FIELDS`."""
        return str(self._parts[0])

    @property
    def value(self) -> str:
        """The value to compare with."""
        return str(self._parts[1])


class Is(Node):
    """The record is an `error` (a tool or a request failed) or `human` (a person typed it).

    Made in O(1); otherwise as Node: safe to share between threads, keeps the GIL.
    """

    __slots__ = ()

    def __init__(self, name: str) -> None:
        if name not in FLAGS:
            raise ValueError(f"is:{name} is unknown; known are {_flags()}")
        object.__setattr__(self, "_parts", (name,))

    @property
    def name(self) -> str:
        """The flag, one of `FLAGS`."""
        return str(self._parts[0])


class _Operator(Node):
    __slots__ = ()

    @property
    def children(self) -> tuple[Node, ...]:
        """The operands, in the order of the query."""
        return self._parts


class Not(_Operator):
    """The child does not match. Made in O(1); otherwise as Node: safe to share between threads, keeps the GIL."""

    __slots__ = ()

    def __init__(self, child: Node) -> None:
        object.__setattr__(self, "_parts", _check_nodes((child,)))


class _Many(_Operator):
    __slots__ = ()

    def __init__(self, *children: Node) -> None:
        if len(children) < 2:
            raise ValueError(f"{type(self).__name__} takes two children and more")
        # Both are associative: a child of the same kind gives its own children.
        flat: list[Node] = []
        for child in _check_nodes(children):
            flat.extend(child.children if type(child) is type(self) else (child,))
        object.__setattr__(self, "_parts", tuple(flat))


class And(_Many):
    """Every child matches. `And(And(a, b), c)` is `And(a, b, c)`.

    Made in O(children); otherwise as Node: safe to share between threads, keeps the GIL.
    """

    __slots__ = ()


class Or(_Many):
    """At least one child matches. `Or(Or(a, b), c)` is `Or(a, b, c)`.

    Made in O(children); otherwise as Node: safe to share between threads, keeps the GIL.
    """

    __slots__ = ()


def _check_text(value: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"wanted a str, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise QueryError("a lone surrogate is no character", value, error.start + 1) from None
    return value


def _check_nodes(children: tuple[Node, ...]) -> tuple[Node, ...]:
    for child in children:
        if not isinstance(child, Node):
            raise TypeError(f"wanted a node of a query, not {type(child).__name__}")
    return children


def _flags() -> str:
    return " and ".join(f"is:{flag}" for flag in FLAGS)


def _many(kind: type[_Many], children: list[Node]) -> Node:
    return children[0] if len(children) == 1 else kind(*children)


class _Level:
    """An open parenthesis: alternatives of conjunctions, and the NOTs that wait for their operand."""

    __slots__ = ("column", "conjunction", "disjunction", "nots", "wants", "wants_column")

    def __init__(self, column: int) -> None:
        self.column = column
        self.disjunction: list[Node] = []
        self.conjunction: list[Node] = []
        self.nots = 0
        self.wants = ""  # the operator that still waits for its right side
        self.wants_column = column

    def add(self, node: Node) -> None:
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
    close = word.find("/", 1)
    return word[0] == "/" and close > 1 and not word[close + 1 :].strip("imsu")


def _quoted(word: str) -> str:
    if len(word) > _HINT:
        return "in quotes"
    return '"' + printable(word.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def _field(query: str, at: int) -> tuple[Node, int] | None:
    """Read the field term at `at` and the place behind it; None for an unknown prefix: literal text."""
    colon = query.find(":", at, at + 10)
    name = query[at:colon] if colon > 0 else ""
    if name not in FIELDS and name != "is":
        return None
    place = colon + 1
    if query.startswith('"', place):
        value, end = _phrase(query, place)
    else:
        end = _word_end(query, place)
        value = query[place:end]
    if not value:
        raise QueryError(f'nothing follows {name}: (as text it is "{name}:")', query, place + 1)
    if name == "is" and value not in FLAGS:
        raise QueryError(f"is: knows only {_flags()}", query, place + 1)
    return (Is(value) if name == "is" else Field(name, value)), end


def _negates(query: str, at: int) -> bool:
    """True if the `-` at `at` stands before a letter, a quote or an opening bracket."""
    following = query[at + 1 : at + 2]
    return following.isalpha() or following in ('"', "(")


def _keyword(query: str, at: int) -> str:
    """The keyword at `at`, or nothing. It ends at white space or at a bracket, which it may touch."""
    for word in ("AND", "OR", "NOT"):
        end = at + len(word)
        if query.startswith(word, at) and query[end : end + 1] in ("", "(", ")", *SPACE):
            return word
    return ""


class _Parser:
    def __init__(self, query: str) -> None:
        self.query = query
        self.levels = [_Level(0)]
        self.depth = 0

    def fail(self, message: str, at: int) -> QueryError:
        return QueryError(message, self.query, at + 1)

    def close(self, level: _Level) -> Node | None:
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

    def add(self, node: Node) -> None:
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
        keyword = _keyword(query, at)
        if keyword:
            self.operator(keyword, at)
            return at + len(keyword)
        end = _word_end(query, at)
        word = query[at:end]
        if _is_regex(word):
            raise self.fail(f"regular expressions are not there yet; as text it is {_quoted(word)}", at)
        self.add(Text(word))
        return end

    def parse(self) -> Node | None:
        query = self.query
        at = 0
        while at < len(query):
            at = at + 1 if query[at] in SPACE else self.term(at)
        if len(self.levels) > 1:
            raise self.fail("this bracket is never closed", self.levels[-1].column)
        return self.close(self.levels[0])


def parse(query: str) -> Node | None:
    """Parse a query; None for one that is empty and matches every record.

    Raises `QueryError` with the column for what cannot be read, is over 65,536 characters or nests deeper
    than 256 levels (each open bracket and each NOT that waits for its operand is one), and TypeError for
    anything but str. O(length).

    >>> parse("git push --force")
    And(Text('git'), Text('push'), Text('--force'))
    >>> parse("-(a OR b) http://x role:user")
    And(Not(Or(Text('a'), Text('b'))), Text('http://x'), Field('role', 'user'))
    """
    if not isinstance(query, str):
        raise TypeError(f"a query is a str, not {type(query).__name__}")
    if len(query) > MAX_CHARACTERS:
        raise QueryError(f"longer than {MAX_CHARACTERS:,} characters", query, MAX_CHARACTERS + 1)
    return _Parser(_check_text(query)).parse()


def from_where(where: Mapping[str, Any] | None) -> Node | None:
    """Make a tree of a dict of field to value, or to a list (tuple, set) of values any of which will do.

    All fields must match. They are those of the query language (`FIELDS`, and `is`) with the same meaning;
    `cwd` and `project` take `os.PathLike` too. None and an empty dict match every record. An empty list
    matches nothing: it becomes `Not(Text(""))`, since the empty text is in every record. Raises ValueError
    for an unknown field, QueryError for an unknown flag, an empty value or a lone surrogate, TypeError for values of
    another type. O(values).

    >>> from_where({"role": ["user", "assistant"], "tool": "Bash"})
    And(Or(Field('role', 'user'), Field('role', 'assistant')), Field('tool', 'Bash'))
    >>> from_where({"session": []})
    Not(Text(''))
    """
    if where is None:
        return None
    if not hasattr(where, "items"):
        raise TypeError(f"where: wanted a dict of field to value, not {type(where).__name__}")
    terms: list[Node] = []
    for name, given in where.items():
        if name not in FIELDS and name != "is":
            raise ValueError(f"where: unknown field {name!r}; known are {', '.join(FIELDS)} and is")
        if isinstance(given, (list, tuple)):
            values: Iterable[object] = given
        elif isinstance(given, (set, frozenset)):
            values = sorted(given, key=str)  # the tree does not depend on the order of a set
        else:
            values = (given,)
        terms.append(_any_of([_where_term(name, value) for value in values]))
    return _many(And, terms) if terms else None


def _where_term(name: str, value: object) -> Node:
    if name in ("cwd", "project") and isinstance(value, os.PathLike):
        value = os.fsdecode(value)
    if not isinstance(value, str):
        raise TypeError(f"where: {name} takes a str or a list of str, not {type(value).__name__}")
    if not value:
        raise QueryError(f"where: {name} has no value")
    if name != "is":
        return Field(name, value)
    if value not in FLAGS:
        raise QueryError(f"where: is:{value} is unknown; known are {_flags()}")
    return Is(value)


def _any_of(terms: list[Node]) -> Node:
    return _many(Or, terms) if terms else Not(Text(""))


def combine(*trees: Node | None) -> Node | None:
    """Join trees by AND; None stands for a tree that matches every record.

    >>> combine(Text("a"), None, Text("b"))
    And(Text('a'), Text('b'))
    """
    present = [tree for tree in trees if tree is not None]
    return _many(And, present) if present else None


def compile_query(tree: Node | None) -> list[tuple[str, str | int]]:
    """Turn a tree into the postfix program of `fastcore._native.scan.Plan`. O(nodes).

    None gives an empty list, a tree one pair for each node. A pair is ("text", needle), (a field of `FIELDS`,
    value), ("is", a flag), ("not", 1), ("and", n) or ("or", n), where the number says how many results before
    it are taken.

    >>> compile_query(parse("a -b"))
    [('text', 'a'), ('text', 'b'), ('not', 1), ('and', 2)]
    """
    return list(_steps(tree)) if tree is not None else []


def _steps(root: Node) -> Iterator[tuple[str, str | int]]:
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        node, visited = stack.pop()
        if isinstance(node, Text):
            yield "text", node.value
        elif isinstance(node, Field):
            yield node.name, node.value
        elif isinstance(node, Is):
            yield "is", node.name
        elif visited:
            yield type(node).__name__.lower(), len(node._parts)
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node._parts))


def _from_program(program: Iterable[tuple[str, str | int]]) -> Node:
    """Undo `compile_query`."""
    stack: list[Node] = []
    for op, argument in program:
        if isinstance(argument, int):
            operands = stack[len(stack) - argument :]
            del stack[len(stack) - argument :]
            stack.append(Not(*operands) if op == "not" else (And if op == "and" else Or)(*operands))
        elif op == "text":
            stack.append(Text(argument))
        else:
            stack.append(Is(argument) if op == "is" else Field(op, argument))
    (root,) = stack
    return root


HELP = """\
A query is words (one argument, on the command line). A record matches if its
text holds every one of them, in any order, in upper or lower case (unless the
search is case-sensitive):

  timeout                      the word, also inside a longer one (timeouts)
  connection reset             both, anywhere in the text
  "connection reset"           the phrase; inside quotes \\n \\t \\" \\\\ are escapes
  timeout OR deadlock          either; AND, OR and NOT are upper-case
  timeout -test                the first without the second; the same as NOT test
  (timeout OR deadlock) -test  brackets group; NOT binds before AND, AND before OR
  git push --force             --force is a word: - negates only at the start of a
                               term and before a letter, a quote or a bracket
  ls "-la"                     so -la needs quotes, and -1 needs none
  main() f(x) http://x         words: brackets that balance belong to the word,
                               quotes inside one too: NOT "x", but NOT"x" is a word

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
every text. A word of the form /.../ or /.../imsu without another slash is kept for
regular expressions: quote it to search for the text ("/tmp/"; /usr/local/bin needs
no quotes). A query without terms matches every record.
"""
