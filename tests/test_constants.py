"""Every number that a module of these rooms has says where it comes from, as docs/design.md describes."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from training.evaluation.centering_numbers import edge_numbers, frame_numbers, registration_numbers
from training.evaluation.detection_choices import detection_choices, other_choices
from training.evaluation.following_choices import following_choices, sensor_choices

ROOT = Path(__file__).parents[1]
ROOMS = (
    "edge/calibration",
    "edge/centering",
    "edge/detection",
    "edge/embedding",
    "edge/imaging",
    "edge/photo",
    "edge/pipeline",
    "edge/recognition",
)
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
# What a number of the physical world, of arithmetic, of a drawing, of somebody's judgement begins its comment with.
KINDS = ("geometry", "physics", "numerics", "layout", "chosen")
PAPER = re.compile(r"\([A-Z][\w.\- ]+(?: and [A-Z][\w.\-]+| et al\.)?, (?:19|20)\d\d\)")
# No picture of a card shows what these decide: they are of a camera, a database, or states in turn.
ELSEWHERE = (
    "edge.calibration.solving",
    "edge.calibration.views",
    "edge.centering.registration.original",
    "edge.imaging.print_reference",
    "edge.pipeline.smoothing",
)
# Another command than an ablation shows what a chosen number decides; its comment names it.
COMMAND = re.compile(r"`card-training [a-z-]+ [a-z-]+`")
# Numbers that a formula may have: counts and indices, halves, per cent, grey levels, milli, mega and giga, half a turn,
# guards against division by 0.
PLAIN = {*range(7), 0.5, 100, 255, 256, 1000, 1_000_000, 1_000_000_000, 180}
LARGEST_GUARD = 1e-3
DRAWINGS = ("drawing.py", "pdf.py")


@dataclass(frozen=True)
class Constant:
    """A module's number: where, its names, and the comment above it or beside it."""

    module: str
    names: tuple[str, ...]
    comment: str

    @property
    def kind(self) -> str | None:
        return next((kind for kind in KINDS if self.comment.startswith(f"{kind}: ")), None)


def comments(text: str) -> dict[int, tuple[str, bool]]:
    """Line -> comment, and whether it stands alone there."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return {
        token.start[0]: (token.string.lstrip("# "), not token.line[: token.start[1]].strip())
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def numbers(node: ast.AST) -> Iterator[ast.Constant]:
    return (
        each for each in ast.walk(node) if isinstance(each, ast.Constant) and type(each.value) in (int, float, complex)
    )


def constants(text: str, module: str) -> Iterator[Constant]:
    """The module-level numbers of a source, also those of comments that stand above several in a row."""
    said = comments(text)
    covered, last = "", -1
    for node in ast.parse(text).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        above = []
        line = node.lineno - 1
        while line in said and said[line][1]:
            above.insert(0, said[line][0])
            line -= 1
        # One comment holds for the assignments that follow it line by line.
        covered = " ".join(above) if above else covered if node.lineno == last + 1 else ""
        last = node.end_lineno or node.lineno
        if not any(numbers(node.value)):
            continue
        beside = said.get(last, ("", True))
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = tuple(each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
        yield Constant(module, names, covered if beside[1] else beside[0])


def of_rooms() -> list[Constant]:
    return [
        constant
        for path in MODULES
        for constant in constants(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]


def sourced(constant: Constant) -> bool:
    """Whether a comment has a kind and says something about the number, or names a paper."""
    said = constant.comment.partition(": ")[2] if constant.kind else constant.comment
    return bool(PAPER.search(constant.comment)) or (constant.kind is not None and len(said.split()) >= 3)


def test_every_number_of_a_module_has_a_source():
    found = of_rooms()
    assert len(found) > 100
    assert [f"{each.module}: {', '.join(each.names)}" for each in found if not sourced(each)] == []


def test_what_somebody_chose_is_halved_and_doubled_by_the_ablation():
    chosen = {
        (module_of(each), name)
        for each in of_rooms()
        if each.kind == "chosen" and not COMMAND.search(each.comment)
        for name in each.names
    }
    of_detection = (*detection_choices(), *other_choices(), *following_choices(), *sensor_choices())
    choices = (*edge_numbers(), *registration_numbers(), *frame_numbers(), *of_detection)
    shown = {place for choice in choices for change in choice.changes.values() for place in change}
    assert {place for place in chosen - shown if place[0] not in ELSEWHERE} == set()


def module_of(constant: Constant) -> str:
    return constant.module.removesuffix(".py").replace("/", ".")


def test_formulas_hold_no_numbers_without_a_name():
    """A number within a function is a count, a half, or a guard: whatever decides has a name and a source."""
    found = [
        f"{path.relative_to(ROOT)}:{each.lineno}: {each.value}"
        for path in MODULES
        if path.name not in DRAWINGS
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        for each in numbers(node)
        if abs(each.value) not in PLAIN and not abs(each.value) <= LARGEST_GUARD
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A = 3.0\n", False),
        ("# some number\nA = 3.0\n", False),
        ("# chosen:\nA = 3.0\n", False),
        ("# chosen: the best found by far.\n\nA = 3.0\n", False),
        ("# chosen: twice the noise of a pixel.\nA = 3.0\n", True),
        ("# chosen: twice the noise of a pixel.\nA = 3.0\nB = 4.0\n", True),
        ("# The factor of a normal distribution (Rousseeuw and Croux, 1993).\nA = 1.4826\n", True),
        ("# The factor that they gave in 1993.\nA = 1.4826\n", False),
        ("A = 3.0  # geometry: the radius of a corner\n", True),
        ("A = B = fitted().noise\n", None),
    ],
)
def test_a_source_is_known_by_its_comment(text, expected):
    found = list(constants(text, "edge/module.py"))
    assert ([sourced(each) for each in found] == []) if expected is None else all(map(sourced, found)) is expected
