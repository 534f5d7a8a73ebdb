"""`card-training recipes`: what a recipe may say, told from the code that reads it."""

import argparse
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import fields

from pydantic import BaseModel

from edge.settings.allowed_values import allowed_values
from training.augmentation import AugmentationSettings
from training.embedding.recipes import (
    FOLDER,
    AloneRecipe,
    Recipe,
    Stage,
    StudentRecipe,
    TeacherPhase,
    TeacherRecipe,
)

_INTRODUCTION = """# Recipes

<!-- Made by `card-training recipes > docs/recipes.md`; a test keeps it equal to the code. -->

A recipe is a TOML file that says how a student, and its teacher where it has one, are trained:
`card-training student --recipe NAME` takes the name of one that ships, or a file of one's own. These ship, in
`training/embedding/recipes/`:
"""
_TABLES: dict[str, type[BaseModel]] = {
    "": Recipe,
    "[teacher]": TeacherRecipe,
    "[[teacher.phases]]": TeacherPhase,
    "[student]": StudentRecipe,
    "[student.alone]": AloneRecipe,
    "[[student.stages]]": Stage,
}
# An attribute in a docstring, which goes on in lines that are indented further.
_ATTRIBUTE = re.compile(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", re.MULTILINE)


def run(args: argparse.Namespace) -> int:  # noqa: ARG001
    """Print the reference; returns the exit code."""
    sys.stdout.write("\n".join(reference_lines()) + "\n")
    return 0


def reference_lines() -> Iterator[str]:
    """All recipes that ship, and everything that one may say, as Markdown."""
    yield _INTRODUCTION
    for file in sorted(FOLDER.glob("*.toml")):
        first = file.read_text(encoding="utf-8").partition("\n\n")[0]
        yield f"- `{file.stem}`: {' '.join(line.removeprefix('# ') for line in first.splitlines())}"
    for title, kind in _TABLES.items():
        yield f"\n## {title or 'The recipe itself'}\n\n{_summary(kind)}\n"
        yield from _table(kind)
    yield f"\n## [augmentation]\n\n{_summary(AugmentationSettings)}\n"
    meanings = attributes_of(AugmentationSettings)
    yield from _HEAD
    for field in fields(AugmentationSettings):
        yield f"| `{field.name}` | number at least 0, at most 1 | `{field.default}` | {meanings[field.name]} |"


_HEAD = ("| key | may be | default | meaning |", "|---|---|---|---|")


def _table(kind: type[BaseModel]) -> Iterator[str]:
    meanings = attributes_of(kind)
    yield from _HEAD
    for key, field in kind.model_fields.items():
        if any(f"{key}]" in title for title in _TABLES) or key == "augmentation":
            continue
        shown = "needed" if field.is_required() else "unset" if field.default is None else f"`{_toml(field.default)}`"
        yield f"| `{key}` | {allowed_values(kind, key)} | {shown} | {meanings[key]} |"


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def attributes_of(kind: type) -> dict[str, str]:
    """What the docstrings of a class and of those that it is made of say of its attributes."""
    found: dict[str, str] = {}
    for each in reversed(kind.__mro__):
        text = inspect.cleandoc(each.__dict__.get("__doc__") or "")
        found |= {name: " ".join(said.split()) for name, said in _ATTRIBUTE.findall(text.partition("Attributes:")[2])}
    return found


def _summary(kind: type) -> str:
    return inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0]
