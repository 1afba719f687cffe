"""The public API, name by name with its signature, is the one that a golden file lists."""

from __future__ import annotations

import argparse
import ast
import inspect
import os
import types
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import fastcore
from fastcore.cli import arguments, midi_arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDEN = Path(__file__).parent / "golden" / "api.txt"
PACKAGE = Path(fastcore.__file__).parent
PROTOCOLS = """__arrow_c_schema__ __arrow_c_stream__ __contains__ __eq__ __getitem__ __hash__ __iter__
__len__ __reduce__ __reversed__ _repr_html_""".split()
HEAD = """\
What a program may rely on: README and docs/compatibility.md say how it changes. `FASTCORE_GOLDEN=write pytest
tests/test_api.py` writes this file again; a line that is changed or gone needs a deprecation first.

"""


def compiled_signature(name: str, cls: type) -> str:
    """The signature of a constructor that shows none when it runs, from the types of the compiled module."""
    for path in PACKAGE.glob("_native/*.pyi"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name == cls.__name__:
                new = next(one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__new__")
                return f"({ast.unparse(new.args).removeprefix('cls, ')})"
    raise AssertionError(f"{name} has no signature")


class Bare:
    """An annotation that shows as it is written."""

    def __init__(self, text: object) -> None:
        self.text = text

    def __repr__(self) -> str:
        return str(getattr(self.text, "__forward_arg__", self.text))


def signature(name: str, value: object) -> str:
    try:
        found = inspect.signature(value)  # type: ignore[arg-type]
    except ValueError:
        assert isinstance(value, type), name
        return "(*args)" if issubclass(value, BaseException) else compiled_signature(name, value)
    empty = inspect.Parameter.empty
    parameters = [
        one if one.annotation is empty else one.replace(annotation=Bare(one.annotation))
        for one in found.parameters.values()
    ]
    answer = empty if found.return_annotation is empty else Bare(found.return_annotation)
    return str(found.replace(parameters=parameters, return_annotation=answer))


PUBLIC = {
    value
    for module in (fastcore, fastcore.midi, fastcore.parallel, fastcore.query)
    for value in (getattr(module, name) for name in module.__all__)
    if isinstance(value, type)
}


def members(name: str, cls: type) -> Iterator[str]:
    """What a class has of its own, and of bases that are private."""
    bases = [base for base in cls.__mro__ if base not in PUBLIC - {cls} and base.__module__ != "builtins"]
    found = {key: value for base in reversed(bases) for key, value in vars(base).items()}
    hints = {key: hint for base in reversed(bases) for key, hint in inspect.get_annotations(base).items()}
    for key in sorted({*found, *hints}):
        if key.startswith("_") and key not in PROTOCOLS:
            continue
        value = found.get(key)
        if isinstance(value, property) and value.fget is not None:
            yield f"{name}.{key}: {value.fget.__annotations__.get('return')}"
        elif isinstance(value, (staticmethod, classmethod)) or callable(value):
            yield f"{name}.{key}{signature(f'{name}.{key}', getattr(cls, key))}"
        else:
            yield f"{name}.{key}" + (f": {Bare(hints[key])}" if key in hints else "")


def constructed(cls: type) -> bool:
    """True for classes that a program makes instances of by itself."""
    return issubclass(cls, (BaseException, fastcore.RunningTopK, fastcore.query.Node))


def names(module: types.ModuleType) -> Iterator[str]:
    for key in sorted(module.__all__):
        name, value = f"{module.__name__}.{key}", getattr(module, key)
        if isinstance(value, types.ModuleType):
            yield from names(value)
        elif isinstance(value, type):
            bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
            yield f"class {name}({bases})" + (f" = {key}{signature(name, value)}" if constructed(value) else "")
            if not issubclass(value, BaseException):
                yield from members(name, value)
        elif callable(value):
            yield name + signature(name, value)
        else:
            yield f"{name}: {type(value).__name__}"


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        choices = f" {{{','.join(map(str, action.choices))}}}" if action.choices else ""
        value = "" if action.nargs == 0 else f" {action.metavar or action.dest.upper()}{choices}"
        yield f"{parser.prog} {', '.join(action.option_strings)}{value}".replace("  ", " ")


def listed() -> str:
    parsers = (arguments.parser(), midi_arguments.parser(), midi_arguments.show_parser())
    lines = [*names(fastcore), *(line for parser in parsers for line in options(parser))]
    return HEAD + "\n".join(lines) + "\n"


@pytest.mark.skipif(not (PACKAGE / "_native/topk.pyi").exists(), reason="needs the types of the compiled modules")
def test_the_public_api_is_the_listed_one() -> None:
    if os.environ.get("FASTCORE_GOLDEN") == "write":
        GOLDEN.write_text(listed(), "utf-8")
    assert listed() == GOLDEN.read_text("utf-8")


def test_a_change_of_a_signature_is_seen() -> None:
    def old(a: int, *, b: str = "x") -> None: ...

    def new(a: int, *, c: str = "x") -> None: ...

    class Before:
        kept: int

        def gone(self) -> None: ...

    class After:
        kept: str

    assert signature("f", old) != signature("f", new)
    assert list(members("C", Before)) == ["C.gone(self) -> None", "C.kept: int"]
    assert list(members("C", After)) == ["C.kept: str"]
