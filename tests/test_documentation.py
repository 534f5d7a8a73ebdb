"""Every command of README and docs: the real argument parsers take it, and what needs no hardware or hours is run."""

import re
import shlex
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import cv2
import pytest

from edge.cli import command_line
from edge.cli import main as scanner
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from tests.training.conftest import write_card_folder
from training.cli import build_parser
from training.cli import main as trainer

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = ("card-scanner", "card-training")
# Stand for whatever the reader has, as `...` does for further arguments.
PLACEHOLDERS = {"DIR": str(ROOT / "database" / "demo"), "NAME": "mine", "FILE": "scanner.toml"}
NOT_RUN = {
    "watch": "waits for a running scanner: test_watch.py",
    "page": "serves until it is stopped, and changes the password: tests/edge/page",
    "run": "runs until it is stopped: test_daemon.py, tests/faults",
    "demo": "ten minutes: `make demo` is one of them",
    "bench": "minutes: `make bench`, test_bench.py",
    "doctor": "its exit code is that of the machine: test_doctor.py",
    "calibrate --source": "needs a camera: test_calibrate.py takes one from photos",
    "calibrate photos/": "needs photos of the board: test_calibrate.py",
    "measure card.jpg --calibration": "needs a calibration: test_measure.py",
    "learn": "needs a running scanner: test_learn.py",
    "mqtt": "needs a broker: tests/edge/mqtt",
    "record": "needs a running scanner: test_record.py",
    "keys": "needs the service's folder: test_keys.py",
    "database": "needs an installed database: test_database.py",
    "studio": "serves until it is stopped: tests/training/studio",
    "runs": "needs runs: tests/training/engine/test_found_runs.py",
    "teacher": "trains: tests/training", "student": "trains: tests/training",
    "ablate": "minutes: tests/training", "fit": "minutes: tests/training",
    "detector": "trains: tests/training", "export": "needs a checkpoint: tests/training/export",
    "export-detector": "needs a checkpoint: tests/training/detection", "quantize": "minutes: tests/training/export",
    "compile": "needs a checkpoint: tests/training/export", "evaluate": "minutes: tests/training/evaluation",
    "index --cards demo": "minutes: tests/training/index",
    "simulate": "minutes: test_simulated_folder.py", "index --cards game/": "minutes: tests/training/index",
}  # fmt: skip


def lines_of(page: Path) -> Iterator[str]:
    """The lines of a page's code blocks without remarks, those that end with a backslash joined to the next."""
    fenced, joined = False, ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    "):
            code = re.split(r"\s#\s|(?<=\S)\s{2,}(?=\S)", line.strip().removeprefix("$ "))[0]
            joined += code.removesuffix("\\")
            if not code.endswith("\\"):
                yield joined.strip()
                joined = ""


def program_lines() -> list[str]:
    """Every line that starts one of our programs, also through `sudo` and `torchrun`, without these."""
    found = []
    for page in PAGES:
        for line in lines_of(page):
            inner = re.sub(r"^(?:[A-Z_]+=\S+ )*torchrun .*?-m training ", "card-training ", line)
            inner = re.sub(r"^sudo (?:-u \S+ )?", "", inner)
            if inner.startswith(PROGRAMS) and (each := re.split(r" [|>] ", inner)[0]) not in found:
                found.append(each)
    return found


def mentions() -> set[str]:
    """Every piece of a command within a sentence."""
    text = " ".join(page.read_text(encoding="utf-8").replace("\n", " ") for page in PAGES)
    return set(re.findall(r"`((?:card-scanner|card-training) [a-z][^`]*)`", text))


LINES = program_lines()


def arguments_of(line: str) -> list[str]:
    return [PLACEHOLDERS.get(word, word) for word in shlex.split(line)[1:] if word != "..."]


def exit_code(line: str) -> int:
    """Of the program on reading its arguments: 0 where they are understood, and for `--help`."""
    given = arguments_of(line)
    parser = command_line.build_parser() if line.startswith("card-scanner") else build_parser(given[0])
    try:
        parser.parse_args(given)
    except SystemExit as left:
        return int(left.code or 0)
    return 0


@pytest.mark.parametrize("line", LINES)
def test_a_documented_command_is_one(line: str):
    if "..." in line:
        line = f"{line} --name t"
    assert exit_code(line) == 0


@pytest.mark.parametrize("mention", sorted(mentions()))
def test_a_command_within_a_sentence_is_one(mention: str, capsys):
    """Its name and each of its options are in the help of that name."""
    program, *words = shlex.split(mention)
    names = []
    for word in words:
        if not re.fullmatch(r"[a-z][a-z0-9-]*", word):
            break
        names.append(word)
    main = scanner if program == "card-scanner" else trainer
    nested = names[:2] if names[0] in ("evaluate", "ablate") else names[:1]
    try:
        assert main([*nested, "--help"]) == 0
    except SystemExit as left:
        assert left.code == 0
    helped = capsys.readouterr().out
    for option in (word for word in words if word.startswith("--")):
        assert re.search(rf"{option}\b", helped), mention


def test_make_and_systemd_have_what_is_documented():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for line in lines_of(page):
            if line.startswith("make "):
                assert line.split()[1] in targets, line
            for script in re.findall(r"systemd/\S+\.sh", line):
                assert (ROOT / script).is_file(), line


def test_files_that_are_named_are_there():
    for page in PAGES:
        for name in re.findall(
            r"`((?:edge|training|tests|systemd|docs|models)/[\w./-]+)`", page.read_text(encoding="utf-8")
        ):
            assert (ROOT / name).exists() or name.endswith((".hef", ".onnx")), f"{page.name}: {name}"
        for name in re.findall(r"\]\(((?!http)[^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / name).exists(), f"{page.name}: {name}"


def runs(line: str) -> bool:
    return "..." not in line and not any(line.split(" ", 1)[1].startswith(beginning) for beginning in NOT_RUN)


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Path:
    """A folder with what the documented commands are given, under the names that they have there."""
    folder = tmp_path_factory.mktemp("documented")
    cards = demo_cards()[:3]
    picture = cv2.copyMakeBorder(render_card(cards[0], 6), 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=(70, 120, 90))
    (folder / "photos").mkdir()
    for name in ("binder.jpg", "card.jpg", "back.jpg", "photo.jpg", "photos/one.jpg", "bench.png"):
        cv2.imwrite(str(folder / name), picture)
    write_card_folder(folder, cards)
    (folder / "cards").rename(folder / "images")
    shutil.copytree(folder / "images", folder / "corrected")
    shutil.copy(folder / "cards.json", folder / "corrected")
    shutil.copytree(ROOT / "models", folder / "models")
    (folder / "my.json").write_text(resources.files("edge.centering.figures").joinpath("grading.json").read_text())
    return folder


@pytest.mark.parametrize("line", list(filter(runs, LINES)))
def test_a_documented_command_runs(line: str, bench: Path, monkeypatch, capfd):
    monkeypatch.chdir(bench)
    if "--check" in line:
        scanner(["config", "--default"])
        Path("scanner.toml").write_text(capfd.readouterr().out)
    if "--database database/mine" in line and not Path("database/mine").exists():
        built = next(each for each in LINES if each.startswith("card-training index --cards images/"))
        assert trainer(arguments_of(built)) == 0
    program = scanner if line.startswith("card-scanner") else trainer
    assert program(arguments_of(line)) == 0, capfd.readouterr().err


def test_what_is_not_run_is_documented():
    """No entry of the table outlives the command that it is for."""
    for beginning in NOT_RUN:
        assert any(line.split(" ", 1)[1].startswith(beginning) for line in LINES), beginning
