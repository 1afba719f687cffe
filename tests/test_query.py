"""The query language: each sentence of its definition, the trees, the programs, the errors."""

from __future__ import annotations

import copy
import itertools
import pathlib
import pickle
import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scale import SCALE

import fastcore
from fastcore import errors
from fastcore._native.scan import Plan
from fastcore.query import (
    FIELDS,
    FLAGS,
    HELP,
    MAX_CHARACTERS,
    MAX_LEVELS,
    And,
    Field,
    Is,
    Node,
    Not,
    Or,
    Text,
    combine,
    compile_query,
    from_where,
    parse,
)

T = Text


def many(count: int) -> settings:
    return settings(max_examples=count * SCALE, deadline=None, print_blob=True)


def check(query: str, tree: Node | None) -> None:
    assert parse(query) == tree
    assert repr(parse(query)) == repr(tree)


def refused(query: str) -> errors.QueryError:
    with pytest.raises(errors.QueryError) as caught:
        parse(query)
    assert caught.value.query == query
    return caught.value


# The vectors of the reference grammar that hold here too.
@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("hello", T("hello")),
        ("a AND b OR c", Or(And(T("a"), T("b")), T("c"))),
        ("a OR b AND c", Or(T("a"), And(T("b"), T("c")))),
        ("NOT a AND b", And(Not(T("a")), T("b"))),
        ("NOT (a OR b)", Not(Or(T("a"), T("b")))),
        ("( NOT a)", Not(T("a"))),
        ("a AND NOT b", And(T("a"), Not(T("b")))),
        ("(a OR b) OR c", Or(T("a"), T("b"), T("c"))),
        ("(a AND b) AND c", And(T("a"), T("b"), T("c"))),
        ("and", T("and")),
        ("ANDROID", T("ANDROID")),
        ('"a"OR "b"', Or(T("a"), T("b"))),
        (r'"hello \"w\""', T('hello "w"')),
        ("/", T("/")),
        ("/usr", T("/usr")),
        ("path/to/file", T("path/to/file")),
        ("日本語 AND 世界", And(T("日本語"), T("世界"))),
        ("a　AND　b", T("a　AND　b")),
        (r'"\d"', T(r"\d")),
    ],
)
def test_reference_vectors(query: str, tree: Node) -> None:
    check(query, tree)


@pytest.mark.parametrize("query", ['"unterminated', "/a/", "/x/i", "()", "(a", "a)", "a AND", "OR", "a OR OR b"])
def test_reference_vectors_that_are_errors(query: str) -> None:
    refused(query)


# The reference refuses these or reads them otherwise; this dialect differs on purpose.
@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("hello world", And(T("hello"), T("world"))),
        ("response NOT error", And(T("response"), Not(T("error")))),
        ("NOT(a OR b)", Not(Or(T("a"), T("b")))),
        ("NOT NOT a", Not(Not(T("a")))),
        (" NOT a", Not(T("a"))),
        ("a AND (b AND c)", And(T("a"), T("b"), T("c"))),
        ("hello ANDROID", And(T("hello"), T("ANDROID"))),
        ("a ANDb", And(T("a"), T("ANDb"))),
        ('"a" OR"b"', And(T("a"), T('OR"b"'))),
        ("'it''s'", T("'it''s'")),
        ("it's", T("it's")),
        ("//", T("//")),
        ("/usr/local/bin", T("/usr/local/bin")),
        ("/src/main.rs", T("/src/main.rs")),
        ("/a b/i", And(T("/a"), T("b/i"))),
        (r"/a\/b/", T(r"/a\/b/")),
        ("/x/imsux", T("/x/imsux")),
        ("/x/ig", T("/x/ig")),
        ("", None),
        ("-exclude", Not(T("exclude"))),
        ('foo"bar"', T('foo"bar"')),
    ],
)
def test_where_this_dialect_differs(query: str, tree: Node | None) -> None:
    check(query, tree)


@pytest.mark.parametrize("query", ["", " ", " \t\r\n "])
def test_a_query_that_ends_up_empty_matches_every_record(query: str) -> None:
    assert parse(query) is None
    assert compile_query(parse(query)) == []


def test_precedence_is_not_then_and_then_or() -> None:
    check("a b OR NOT c d", Or(And(T("a"), T("b")), And(Not(T("c")), T("d"))))
    check("a OR b c OR d", Or(T("a"), And(T("b"), T("c")), T("d")))
    check("(a OR b) c", And(Or(T("a"), T("b")), T("c")))
    check("NOT a OR b", Or(Not(T("a")), T("b")))
    check("NOT role:user b", And(Not(Field("role", "user")), T("b")))


def test_keywords_are_upper_case_only() -> None:
    check("a and b or not c", And(*map(T, ("a", "and", "b", "or", "not", "c"))))
    check("a And b", And(*map(T, ("a", "And", "b"))))
    check('"AND" "OR" "NOT"', And(T("AND"), T("OR"), T("NOT")))
    check("NOTE ORDER ANDY", And(T("NOTE"), T("ORDER"), T("ANDY")))
    check("AND: NOT:a", And(T("AND:"), T("NOT:a")))


def test_a_keyword_may_touch_a_bracket() -> None:
    check("a OR(b AND(c))", Or(T("a"), And(T("b"), T("c"))))
    check("(a)OR(b)", Or(T("a"), T("b")))
    check("NOT(NOT(a))b", And(Not(Not(T("a"))), T("b")))


@pytest.mark.parametrize("word", ["--force", "-1", "-", "--", "-/x/", "-.5", "-_a", "-:", "-²", "a-b", "x-", "-\u0301"])
def test_a_hyphen_that_does_not_negate(word: str) -> None:
    check(word, T(word))
    check(f"git {word}", And(T("git"), T(word)))


def test_a_hyphen_that_negates() -> None:
    check("a -b", And(T("a"), Not(T("b"))))
    check('-"b c" a', And(Not(T("b c")), T("a")))
    check("-(a OR b)", Not(Or(T("a"), T("b"))))
    check("-é -日本", And(Not(T("é")), Not(T("日本"))))
    check("-role:user -is:error", And(Not(Field("role", "user")), Not(Is("error"))))
    check("NOT -a", Not(Not(T("a"))))
    check("-NOT a", Not(Not(T("a"))))
    check("-a-b", Not(T("a-b")))
    check("(-a)-b", And(Not(T("a")), Not(T("b"))))
    check("git push --force", And(T("git"), T("push"), T("--force")))
    check("- a", And(T("-"), T("a")))


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (r'"a\nb"', "a\nb"),
        (r'"a\tb"', "a\tb"),
        (r'"a\"b"', 'a"b'),
        (r'"a\\b"', "a\\b"),
        (r'"\\n"', "\\n"),
        (r'"\r\x\u0041\ "', r"\r\x\u0041\ "),
        ('"\\', None),
        ('"a\\"', None),
        ('"two\nlines\t\x00 \r"', "two\nlines\t\x00 \r"),
        ('"(a) AND role:b -c"', "(a) AND role:b -c"),
        ('""', ""),
        ('"  "', "  "),
    ],
)
def test_phrases(query: str, value: str | None) -> None:
    if value is None:
        assert refused(query).column == 1
    else:
        check(query, T(value))


def test_what_separates_terms() -> None:
    check("a b\tc\rd\ne\r\n f", And(*map(T, "abcdef")))
    others = "\x0b\x0c\x1c\x85\xa0\u2003\u2028\u3000"
    for c in others:
        check(f"a{c}b", T(f"a{c}b"))
    check('"a""b"c', And(T("a"), T("b"), T("c")))
    check('(a)(b)"c"', And(T("a"), T("b"), T("c")))
    check('role:"a"b', And(Field("role", "a"), T("b")))


@pytest.mark.parametrize(
    "word", ["main()", "f(x)", 'foo"bar"', 'a"', "f(g(x))", "f(", "f(x", "a[1]", "()=>{}"[2:], "a(b)c(d)"]
)
def test_brackets_and_quotes_inside_a_word(word: str) -> None:
    check(word, T(word))
    check(f"{word} b", And(T(word), T("b")))


def test_an_unbalanced_bracket_ends_a_word() -> None:
    check("(f(x))", T("f(x)"))
    check("(a main())", And(T("a"), T("main()")))
    check("(a)b", And(T("a"), T("b")))
    check("(role:user)", Field("role", "user"))
    check("(cwd:/f(x))", Field("cwd", "/f(x)"))
    check('(a OR foo"b)', Or(T("a"), T('foo"b')))
    assert refused("f(x))").column == 5


@pytest.mark.parametrize("name", FIELDS)
def test_field_terms(name: str) -> None:
    check(f"{name}:abc", Field(name, "abc"))
    check(f'{name}:"a \\"b\\nc"', Field(name, 'a "b\nc'))
    check(f"{name}:a:b=(c)", Field(name, "a:b=(c)"))
    check(f"{name}:NOT", Field(name, "NOT"))
    check(f"{name}:/x/", Field(name, "/x" if name in ("cwd", "project") else "/x/"))
    check(f'{name}:a"b', Field(name, 'a"b'))
    for text in (f'"{name}:abc"', f'"{name}":abc'):
        assert isinstance(parse(text), Text | And)
    check(f'"{name}:abc"', T(f"{name}:abc"))
    check(name.upper() + ":abc", T(name.upper() + ":abc"))
    check(f"x{name}:abc", T(f"x{name}:abc"))
    check(name, T(name))


def test_flags() -> None:
    check("is:error", Is("error"))
    check("is:human", Is("human"))
    check('is:"human"', Is("human"))
    check("IS:human", T("IS:human"))


@pytest.mark.parametrize(
    "word", ["http://x", "TypeError:", "foo:bar", ":", ":role:user", "rolex:user", "time:12:30", "a:\x00"]
)
def test_an_unknown_prefix_is_text(word: str) -> None:
    check(word, T(word))


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("/a/", "/a"),
        ("/a//", "/a"),
        ("/", "/"),
        ("//", "/"),
        ("a", "a"),
        ("-src-app", "-src-app"),
        ("/a/ ", "/a/ "),
    ],
)
def test_slashes_at_the_end_of_a_directory_are_dropped(value: str, kept: str) -> None:
    for name in ("cwd", "project"):
        check(f'{name}:"{value}"', Field(name, kept))
        assert Field(name, value).value == kept
        assert from_where({name: value}) == Field(name, kept)
    assert Field("branch", "a/").value == "a/"


@pytest.mark.parametrize("word", ["/a/", "/usr/", "/x/i", "/x/imsu", "/x/ii", "/(a|b)/s", "/\\d+/", "/日/"])
def test_a_term_kept_for_regular_expressions(word: str) -> None:
    for before in ("", "a ", "a OR ", "NOT "):
        error = refused(before + word)
        assert error.column == len(before) + 1
        hint = error.message[error.message.index('"') :]
        check(hint, T(word))
    check(f"role:{word}x/", Field("role", f"{word}x/"))


def test_the_hint_does_not_repeat_a_long_word() -> None:
    message = refused("/" + "a" * 5_000 + "/").message
    assert "in quotes" in message and len(message) < 200


def test_nul_is_an_ordinary_character() -> None:
    check("a\x00b", T("a\x00b"))
    check("\x00", T("\x00"))
    check("role:\x00", Field("role", "\x00"))


@pytest.mark.parametrize(
    ("query", "column", "words"),
    [
        ("(cat OR dog", 1, "never closed"),
        ("a (b (c", 6, "never closed"),
        ("a (b AND", 3, "never closed"),
        ("a (b)) c", 6, "closes nothing"),
        (")", 1, "closes nothing"),
        ("a ()", 3, "nothing between"),
        ("a ( \n)", 3, "nothing between"),
        ("a AND", 3, "nothing follows AND"),
        ("a OR  ", 3, "nothing follows OR"),
        ("a AND NOT", 7, "nothing follows NOT"),
        ("(a OR) b", 4, "nothing follows OR"),
        ("(NOT)", 2, "nothing follows NOT"),
        ("-NOT", 2, "nothing follows NOT"),
        ("AND a", 1, "nothing stands before AND"),
        ("a OR OR b", 6, "nothing stands before OR"),
        ("a AND OR b", 7, "nothing stands before OR"),
        ("a NOT AND b", 7, "nothing stands before AND"),
        ("a (OR b)", 4, "nothing stands before OR"),
        ("-OR", 2, "nothing stands before OR"),
        ('a "b', 3, "quote is never closed"),
        ('a cwd:"/b', 7, "quote is never closed"),
        ("a role:", 8, "nothing follows role:"),
        ("a role: user", 8, "nothing follows role:"),
        ("(type:)", 7, "nothing follows type:"),
        ('tool:""', 6, "nothing follows tool:"),
        ("is:", 4, "nothing follows is:"),
        ("a is:robot", 6, "is:error and is:human"),
        ("is:Error", 4, "is:error and is:human"),
        ("日本 /x/", 4, '"/x/"'),
        ("a\ud800b", 2, "surrogate"),
        ('"😀\udfff"', 3, "surrogate"),
    ],
)
def test_errors_say_what_and_where(query: str, column: int, words: str) -> None:
    error = refused(query)
    assert (error.column, words in error.message) == (column, True), error.message
    head, _, caret = str(error).split("\n")
    assert head == f"{error.message} (column {column})"
    assert caret.strip() == "^"


@pytest.mark.parametrize("name", [*FIELDS, "is"])
def test_a_field_needs_a_value(name: str) -> None:
    error = refused(f"a {name}:")
    assert error.column == len(name) + 4
    check(error.message[error.message.index('"') : -1], T(f"{name}:"))


def test_the_limit_of_characters() -> None:
    check("a" * MAX_CHARACTERS, T("a" * MAX_CHARACTERS))
    assert MAX_CHARACTERS == 65_536
    for query in ("a" * (MAX_CHARACTERS + 1), "😀" * 100_000, " " * (MAX_CHARACTERS + 1)):
        error = refused(query)
        assert error.column == MAX_CHARACTERS + 1
        assert "65,536" in error.message
        assert len(str(error)) < 1_000


@pytest.mark.parametrize("opening", ["(", "NOT ", "NOT(", "-(", "a OR (b ", "NOT\n"])
def test_the_limit_of_levels(opening: str) -> None:
    levels = opening.count("(") + opening.count("NOT") + opening.count("-")

    def nested(times: int) -> str:
        return opening * times + "a" + ")" * (opening.count("(") * times)

    fits = MAX_LEVELS // levels
    tree = parse(nested(fits))
    assert tree == pickle.loads(pickle.dumps(tree))
    assert repr(tree).count("(") == repr(tree).count(")") > 0
    assert Plan(compile_query(tree)).matches(b"{}") in (True, False)
    error = refused(nested(fits + 1))
    assert "256 levels" in error.message
    # The column is that of the bracket or NOT that is one too many.
    assert error.query[error.column - 1] in "(N-"
    assert "256 levels" in refused(opening * min(10_000, MAX_CHARACTERS // len(opening))).message


def test_levels_are_given_back() -> None:
    for part in ("(a) ", "NOT a ", "-(NOT a) ", "NOT NOT (NOT(a OR b)) "):
        query = part * 1_000
        assert len(compile_query(parse(query))) > 1_000


@pytest.mark.parametrize(
    "query",
    [
        "a " * 32_768,
        "a OR b " * 9_000,
        '"x"' + "OR(y)" * 13_000,
        '"x"' + "(y)" * 20_000,
        "role:" + "x" * 65_000,
        '"' + "\\" * 65_000 + '"',
        "f(" * 30_000,
        "(" * 200 + "a " * 30_000 + ")b" * 200,
    ],
    ids=lambda query: query[:8],
)
def test_huge_queries_make_small_programs(query: str) -> None:
    tree = parse(query)
    program = compile_query(tree)
    assert 1 <= len(program) <= len(query)
    assert tree == parse(query)
    assert hash(tree) == hash(parse(query))


def test_a_query_is_a_str() -> None:
    for wrong in (b"a", None, 1, ["a"]):
        with pytest.raises(TypeError, match="a query is a str"):
            parse(wrong)  # type: ignore[arg-type]


def test_help_explains_the_language_with_examples_that_parse() -> None:
    examples = [match[1] for match in re.finditer(r"^  (\S+(?: \S+)*)  ", HELP, re.M)]
    assert "git push --force" in examples
    assert len(examples) >= 15
    for example in examples:
        assert parse(example) is not None, example
    assert parse('ls "-la"') == And(T("ls"), T("-la"))
    for name in (*FIELDS, *FLAGS):
        assert name in HELP
    for subject in (
        "8 characters",
        "/src/app2",
        "also finds",
        "regular expressions",
        "NOT binds before AND",
        "upper-case",
    ):
        assert subject in HELP
    assert HELP.isascii() and HELP.endswith("\n")
    assert max(map(len, HELP.splitlines())) <= 84


# Trees


def test_nodes_are_immutable_values() -> None:
    tree = parse('a OR "b c" -role:user is:error')
    assert tree == Or(T("a"), And(T("b c"), Not(Field("role", "user")), Is("error")))
    assert repr(tree) == "Or(Text('a'), And(Text('b c'), Not(Field('role', 'user')), Is('error')))"
    assert eval(repr(tree)) == tree
    assert {tree: 1}[copy.deepcopy(tree)] == 1
    assert copy.copy(tree) == tree == pickle.loads(pickle.dumps(tree))
    assert isinstance(tree, Or)
    assert [type(child) for child in tree.children] == [Text, And]
    for node in (tree, *tree.children):
        for name in ("value", "children", "_parts", "other"):
            with pytest.raises(AttributeError):
                setattr(node, name, "x")
            with pytest.raises(AttributeError):
                delattr(node, name)


def test_nodes_that_differ_are_unequal() -> None:
    a, b = T("a"), T("b")
    nodes: list[Node] = [
        a,
        b,
        T("error"),
        Is("error"),
        Is("human"),
        Field("role", "a"),
        Field("type", "a"),
        Field("role", "b"),
        Not(a),
        Not(Not(a)),
        And(a, b),
        And(b, a),
        Or(a, b),
        And(a, b, b),
        And(a, Or(a, b)),
        Or(a, And(a, b)),
        Not(And(a, b)),
        And(Not(a), b),
        Or(a, Not(b)),
        And(Or(a, b), Or(a, b)),
        Or(a, b, a, b),
    ]
    for x, y in itertools.combinations(nodes, 2):
        assert x != y
    assert len(set(nodes)) == len(nodes) == len(set(map(repr, nodes)))
    assert a != "a"


def test_and_and_or_are_associative() -> None:
    a, b, c, d = map(T, "abcd")
    assert And(And(a, b), And(c, d)) == And(a, b, c, d) == And(a, And(b, And(c, d)))
    assert Or(Or(a, b), c) == Or(a, b, c)
    assert And(Or(a, b), c).children == (Or(a, b), c)
    check("(a (b (c d)))", And(a, b, c, d))
    check("a OR (b OR (c OR d))", Or(a, b, c, d))


def test_nodes_refuse_what_is_no_operand() -> None:
    for make in (
        lambda: And(T("a")),
        Or,
        lambda: Field("name", "x"),
        lambda: Field("role", ""),
        lambda: Is("x"),
        lambda: T("\ud800"),
    ):
        with pytest.raises(ValueError):
            make()
    for make in (lambda: Not("a"), lambda: And(T("a"), "b"), lambda: T(1), lambda: Field("role", b"x")):  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            make()


def test_trees_of_any_depth_can_be_used() -> None:
    tree: Node = T("a")
    for _ in range(20_000):
        tree = Or(And(Not(tree), T("b")), T("c"))
    again = pickle.loads(pickle.dumps(tree))
    assert again == tree
    assert hash(again) == hash(tree)
    assert repr(again) == repr(tree)
    assert tree != Not(tree)


# Programs


def holds(node: Node, true: set[Node]) -> bool:
    """The plain meaning of a tree where the leaves in `true` hold."""
    if isinstance(node, Not):
        return not holds(node.children[0], true)
    if isinstance(node, And):
        return all(holds(child, true) for child in node.children)
    if isinstance(node, Or):
        return any(holds(child, true) for child in node.children)
    return node in true


def run(program: list[tuple[str, str | int]], true: set[tuple[str, str | int]]) -> bool:
    """The plain meaning of a program."""
    stack: list[bool] = []
    for op, argument in program:
        if op in ("not", "and", "or"):
            assert isinstance(argument, int)
            taken = stack[-argument:]
            del stack[-argument:]
            assert len(taken) == argument
            stack.append(not taken[0] if op == "not" else all(taken) if op == "and" else any(taken))
        else:
            stack.append((op, argument) in true)
    (answer,) = stack
    return answer


def leaves(node: Node) -> set[Node]:
    found, stack = set(), [node]
    while stack:
        node = stack.pop()
        if isinstance(node, Not | And | Or):
            stack.extend(node.children)
        else:
            found.add(node)
    return found


CHARACTERS = st.sampled_from('abcNOTkKsſé日😀 \t\n\r\x00\x0b　"\\/()-:1_.')
VALUES = st.text(CHARACTERS, max_size=6)
SOME = st.text(CHARACTERS, min_size=1, max_size=6)
WORDS = st.sampled_from(
    [
        "main()",
        "f(x)",
        'foo"bar"',
        "--force",
        "-1",
        "http://x",
        "TypeError:",
        "/usr/local/bin",
        "AND",
        "is:human",
    ]
)
LEAVES = st.one_of(
    VALUES.map(Text),
    WORDS.map(Text),
    st.builds(Field, st.sampled_from(FIELDS), SOME),
    st.sampled_from(FLAGS).map(Is),
)
TREES = st.recursive(
    LEAVES,
    lambda nodes: st.one_of(
        nodes.map(Not),
        st.lists(nodes, min_size=2, max_size=4).map(lambda children: And(*children)),
        st.lists(nodes, min_size=2, max_size=4).map(lambda children: Or(*children)),
    ),
    max_leaves=12,
)


@many(300)
@given(TREES, st.data())
def test_a_program_means_what_its_tree_means(tree: Node, data: st.DataObject) -> None:
    program = compile_query(tree)
    ops = {"text", "is", "not", "and", "or", *FIELDS}
    assert all(op in ops and isinstance(argument, int) == (op in ("not", "and", "or")) for op, argument in program)
    assert all(argument == 1 if op == "not" else argument >= 2 for op, argument in program if isinstance(argument, int))
    true = {leaf for leaf in leaves(tree) if data.draw(st.booleans())}
    assert run(program, {compile_query(leaf)[0] for leaf in true}) == holds(tree, true)
    assert pickle.loads(pickle.dumps(tree)) == tree == eval(repr(tree))


def bare(value: str) -> bool:
    """Surely a word (or the value of a field) when it stands without quotes."""
    return re.fullmatch(r"[^ \t\r\n()\"-][^ \t\r\n()]*", value) is not None


def word(value: str) -> bool:
    known = "|".join((*FIELDS, "is"))
    special = re.match(rf"(?:{known}):|(?:AND|OR|NOT)\Z|/[^/]+/[imsu]*\Z", value)
    return special is None and (bare(value) or value in ("main()", "f(x)", "--force", "-1"))


class Printer:
    """Writes a tree in one of the many ways in which it can be written."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def pick(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def quoted(self, value: str) -> str:
        out = []
        for at, c in enumerate(value):
            following = value[at + 1 : at + 2]
            if c == "\\":
                out.append(self.pick("\\", "\\\\") if following and following not in 'nt"\\\n\t' else "\\\\")
            elif c == '"':
                out.append('\\"')
            else:
                out.append(self.pick(c, {"\n": "\\n", "\t": "\\t"}[c]) if c in "\n\t" else c)
        return f'"{"".join(out)}"'

    def leaf(self, node: Node) -> str:
        if isinstance(node, Text):
            return self.pick(node.value, self.quoted(node.value)) if word(node.value) else self.quoted(node.value)
        assert isinstance(node, Field | Is)
        name, value = (node.name, node.value) if isinstance(node, Field) else ("is", node.name)
        return f"{name}:" + (self.pick(value, self.quoted(value)) if bare(value) else self.quoted(value))

    def space(self, *, at_least: int = 0) -> str:
        return self.draw(st.text(" \t\r\n", min_size=at_least, max_size=2))

    def operand(self, node: Node) -> str:
        """What may follow a NOT."""
        bracket = isinstance(node, And | Or) or self.draw(st.integers(0, 5)) == 0
        return f"({self.space()}{self.node(node)}{self.space()})" if bracket else self.node(node)

    def node(self, node: Node) -> str:
        if isinstance(node, Not):
            inner = self.operand(node.children[0])
            short = ["-"] if inner[0].isalpha() or inner[0] in '"(' else []
            short += ["NOT"] if inner[0] == "(" else []
            return self.pick("NOT" + self.space(at_least=1), *short) + inner
        if isinstance(node, And):
            return self.join(node, ["", "AND"], Or)
        if isinstance(node, Or):
            return self.join(node, ["OR"], ())
        return self.leaf(node)

    def join(self, node: And | Or, words: list[str], bracketed: type[Node] | tuple[()]) -> str:
        out = ""
        for child in node.children:
            text = self.operand(child) if isinstance(child, bracketed) else self.node(child)
            between = self.space(at_least=1) + self.pick(*words) + self.space(at_least=1)
            out += (between if out else "") + text
        return out


@st.composite
def written(draw: st.DrawFn) -> tuple[Node, str]:
    tree = draw(TREES)
    printer = Printer(draw)
    return tree, printer.space() + printer.node(tree) + printer.space()


@many(500)
@given(written())
def test_every_spelling_of_a_tree_parses_to_it(case: tuple[Node, str]) -> None:
    tree, query = case
    assert parse(query) == tree


PIECES = [
    "(",
    ")",
    "AND",
    "OR",
    "NOT",
    "-",
    '"',
    "\\",
    "a",
    " ",
    "\n",
    "role:",
    "is:",
    "error",
    "/x/",
    "/",
    ":",
    "\x1b",
    "日",
    "\ud800",
]


@many(500)
@given(st.lists(st.sampled_from(PIECES), max_size=80).map("".join) | st.text(max_size=200))
def test_any_text_is_a_query_or_an_error_with_a_place(query: str) -> None:
    try:
        tree = parse(query)
    except errors.QueryError as error:
        assert error.query == query
        assert error.column is not None and 1 <= error.column <= len(query) + 1
        shown = str(error)
        assert shown.encode()
        assert len(shown.split("\n")) == 3
        assert shown.replace("\n", "").isprintable()
    else:
        assert (tree is None) == (query.strip(" \t\r\n") == "")
        Plan(compile_query(tree))


# where


def test_where_takes_a_value_or_any_of_a_list() -> None:
    assert from_where(None) is None
    assert from_where({}) is None
    assert from_where({"role": "user"}) == Field("role", "user")
    assert from_where({"role": ["user"]}) == Field("role", "user")
    assert from_where({"role": ("user", "a b")}) == Or(Field("role", "user"), Field("role", "a b"))
    assert from_where({"tool": {"b", "a", "c"}}) == Or(Field("tool", "a"), Field("tool", "b"), Field("tool", "c"))
    assert from_where({"is": "error"}) == Is("error")
    assert from_where({"is": ["error", "human"]}) == Or(Is("error"), Is("human"))
    both = {"role": "user", "is": ["human"], "type": ["a", "b"]}
    assert from_where(both) == parse("role:user is:human (type:a OR type:b)")
    # A value is taken as it is, never parsed.
    assert from_where({"branch": 'a "b" -c'}) == Field("branch", 'a "b" -c')


@pytest.mark.parametrize("name", FIELDS)
def test_where_means_what_the_field_term_means(name: str) -> None:
    assert from_where({name: "/a b/"}) == parse(f'{name}:"/a b/"')


def test_where_takes_paths_for_directories() -> None:
    path = pathlib.PurePosixPath("/src/app")
    for name in ("cwd", "project"):
        assert from_where({name: path}) == Field(name, "/src/app")
        assert from_where({name: [path, "/x/"]}) == Or(Field(name, "/src/app"), Field(name, "/x"))
    with pytest.raises(TypeError, match="branch"):
        from_where({"branch": path})


@pytest.mark.parametrize("name", ["color", "text", "Role", "since", "", 1, None])
def test_where_lists_the_known_fields(name: object) -> None:
    with pytest.raises(ValueError) as caught:
        from_where({name: "x"})  # type: ignore[dict-item]
    for known in (*FIELDS, "is", repr(name)):
        assert known in str(caught.value)


@pytest.mark.parametrize("value", [None, 1, True, b"x", 1.5, {"a": 1}, [None], ["error", 2], [["a"]], object()])
def test_where_refuses_values_of_another_type(value: object) -> None:
    for name in ("role", "cwd", "is"):
        with pytest.raises(TypeError, match=f"where: {name} takes a str"):
            from_where({name: value})


@pytest.mark.parametrize("value", ["", [""], ["a", ""]])
def test_where_refuses_an_empty_value(value: object) -> None:
    with pytest.raises(errors.QueryError, match="where: role has no value"):
        from_where({"role": value})


def test_where_refuses_other_things() -> None:
    with pytest.raises(ValueError, match="is:error and is:human"):
        from_where({"is": "robot"})
    with pytest.raises(errors.QueryError, match="surrogate"):
        from_where({"cwd": "/a\udc80"})
    for where in (["role"], "role:user", 1):
        with pytest.raises(TypeError, match="wanted a dict"):
            from_where(where)  # type: ignore[arg-type]


def test_combine_joins_by_and() -> None:
    a, b = T("a"), Or(T("b"), T("c"))
    assert combine() is None
    assert combine(None, None) is None
    assert combine(a, None) == a == combine(None, a)
    assert combine(a, b) == And(a, b)
    assert combine(And(a, b), a) == And(a, b, a)


# What the compiled core makes of it


RECORD = b'{"type":"user","message":{"role":"user","content":"Fix the flaky test"},"cwd":"/src/app"}'
NO_TEXT = b'{"type":"system","cwd":"/src/app"}'


@pytest.mark.native
@pytest.mark.parametrize(
    ("query", "record", "no_text"),
    [
        ("", True, True),
        ('""', True, True),
        ('-""', False, False),
        ("FLAKY fix", True, False),
        ("NOT flaky", False, True),
        ("flaky OR type:system", True, True),
        ('"the flaky" -role:assistant', True, False),
        ("cwd:/src/", True, True),
        ("cwd:/src/ap", False, False),
        ("cwd:/", True, True),
        ("is:human", True, False),
    ],
)
def test_the_compiled_core_runs_the_program(query: str, record: bool, no_text: bool) -> None:
    plan = Plan(compile_query(parse(query)))
    assert (plan.matches(RECORD), plan.matches(NO_TEXT)) == (record, no_text)


@pytest.mark.native
def test_an_empty_list_matches_nothing() -> None:
    plan = Plan(compile_query(combine(parse("flaky"), from_where({"role": []}))))
    assert plan.matches(RECORD) is False
    assert plan.matches(NO_TEXT) is False


# Errors


def test_the_excerpt_is_a_window_around_the_place() -> None:
    query = "x " * 500 + ") " + "y " * 500
    message, excerpt, caret = str(refused(query)).split("\n")
    assert message == "this bracket closes nothing (column 1001)"
    assert excerpt.startswith("  ...x ") and excerpt.endswith("...")
    assert len(excerpt) < 120
    assert excerpt[caret.index("^")] == ")"
    short = str(refused("a )")).split("\n")
    assert short[1:] == ["  a )", "    ^"]
    assert str(refused("role:")).split("\n")[1:] == ["  role:", "       ^"]


def test_the_excerpt_shows_control_characters() -> None:
    _, excerpt, caret = str(refused("\x1b[31m\ta\r\n\x9b\u202e\x00 )")).split("\n")
    assert excerpt == r"  \x1b[31m\ta\r\n\x9b\u202e\x00 )"
    assert excerpt[caret.index("^")] == ")"
    _, excerpt, _ = str(refused("a\ud800")).split("\n")
    assert excerpt == r"  a\ud800"
    assert "\x1b" not in refused("/\x1b/").message


def test_the_caret_counts_the_cells_of_a_terminal() -> None:
    # Two cells for each of 日本, none for the combining accent.
    error = refused("日本 e\u0301 )")
    assert error.column == 7
    assert str(error).split("\n")[2] == " " * (2 + 4 + 1 + 1 + 1) + "^"


def test_an_error_without_a_place_is_its_message() -> None:
    error = errors.QueryError("no time", "2024")
    assert (error.column, error.query, str(error)) == (None, "2024", "no time")


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (errors.QueryError("bad", "a )", 3), ValueError),
        (errors.LineError("a.jsonl:3: no object", "a.jsonl", 3, 120, "no object"), ValueError),
        (errors.NoLogs("no logs in /x, /y", ("/x", "/y")), FileNotFoundError),
        (errors.MissingExtra("needs rich: pip install '.[cli]'"), ImportError),
        (errors.ExecutorError("executor: a worker died"), RuntimeError),
    ],
)
def test_exceptions_are_builtins_too_and_can_be_pickled(error: Exception, builtin: type[Exception]) -> None:
    assert isinstance(error, errors.FastcoreError) and isinstance(error, builtin)
    assert type(error).__module__ == "fastcore"
    assert getattr(fastcore, type(error).__name__) is type(error)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert vars(again) == vars(error)


def test_what_exceptions_carry() -> None:
    line = errors.LineError("a.jsonl:3: no object", "a.jsonl", 3, 120, "no object")
    assert (line.path, line.line, line.offset, line.reason) == ("a.jsonl", 3, 120, "no object")
    assert str(line) == "a.jsonl:3: no object"
    none = errors.NoLogs("no logs in /x, /y", ("/x", "/y"))
    assert (none.folders, none.filename, none.errno) == (("/x", "/y"), "/x", 2)
    assert str(none) == "no logs in /x, /y"
    assert errors.NoLogs("none").filename is None


def test_these_modules_import_nothing_heavy() -> None:
    root = str(pathlib.Path(fastcore.__file__).parent.parent)
    code = (
        f"import sys; sys.path.insert(0, {root!r}); import fastcore.errors, fastcore.query, fastcore._bounds;"
        "heavy = {'datetime', 'typing', 're', 'dataclasses', 'unicodedata', 'logging', 'numpy', 'glob'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
