import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.cli import command_line, config
from edge.cli.command_line import main
from edge.errors import DatabaseError, InferenceError

COMMANDS = ("run", "identify", "watch", "demo", "bench", "config", "doctor", "database")


@pytest.mark.parametrize("arguments", [(), *((name,) for name in COMMANDS)])
def test_help_explains_and_gives_examples(scanner, arguments):
    outcome = scanner(*arguments, "--help")
    assert outcome.code == 0
    assert outcome.err == ""
    assert "examples:\n  card-scanner" in outcome.out
    if not arguments:
        assert all(f"\n    {name} " in outcome.out for name in COMMANDS)


def test_version(scanner):
    assert scanner("--version").out == "card-scanner 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "COMMAND"),
        (("scan",), "'scan'"),
        (("identify",), "PATH"),
        (("identify", "a.jpg", "--fast"), "--fast"),
        (("run", "--config"), "--config"),
        (("watch", "--count", "0"), "'0'"),
        (("watch", "--count", "1.5"), "'1.5'"),
        (("watch", "--seconds", "soon"), "'soon'"),
        (("watch", "--seconds", "nan"), "'nan'"),
        (("watch", "--plain", "--json"), "not allowed with"),
        (("config",), "--default"),
    ],
)
def test_wrong_arguments_are_one_sentence_and_code_2(scanner, arguments, named):
    outcome = scanner(*arguments)
    assert outcome.code == 2
    assert named in outcome.complaint


@pytest.mark.parametrize(
    "arguments",
    [
        ("identify", ""),
        ("identify", "a.jpg", "--overlay", ""),
        ("identify", "a.jpg", "--database="),
        ("measure", ""),
        ("measure", "a.jpg", "--calibration", ""),
        ("calibrate", ""),
        ("calibrate", "--board", ""),
        ("run", "--config", ""),
        ("config", "--check", ""),
        ("doctor", "--config", ""),
        ("database", "list", "--folder", ""),
        ("database", "install", ""),
    ],
)
def test_an_empty_path_is_not_the_folder_that_the_command_is_run_in(scanner, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.jpg", np.zeros((64, 64, 3), np.uint8))
    outcome = scanner(*arguments)
    assert outcome.code == 2
    assert "a path is empty" in outcome.complaint
    assert [each.name for each in tmp_path.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("error", [DatabaseError, InferenceError])
def test_an_error_is_one_sentence_and_its_code(scanner, monkeypatch, error):
    def fail():
        raise error("it is broken; mend it")

    monkeypatch.setattr(config, "load_settings", fail)
    outcome = scanner("config", "--show")
    assert (outcome.code, outcome.complaint) == (error.exit_code, "it is broken; mend it")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_quietly(scanner, monkeypatch, number):
    monkeypatch.setattr(config, "load_settings", lambda: os.kill(os.getpid(), number) or signal.pause())
    before = signal.getsignal(number)
    outcome = scanner("config", "--show")
    assert (outcome.code, outcome.err) == (130, "")
    assert signal.getsignal(number) is before


def test_a_failure_that_is_a_bug_is_not_hidden(monkeypatch):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr(config, "load_settings", fail)
    with pytest.raises(ZeroDivisionError):
        main(["config", "--show"])


@pytest.mark.parametrize(("error", "traceback"), [(DatabaseError("broken"), False), (KeyError("bug"), True)])
def test_the_log_spares_tracebacks_of_what_the_user_can_mend(capfd, error, traceback):
    with command_line.logging_to_stderr(verbose=False):
        command_line.logging.getLogger("edge.test").warning("failed: %s", error, exc_info=error)
        command_line.logging.getLogger("edge.test").info("not shown")
    lines = capfd.readouterr().err.splitlines()
    assert lines[0].startswith("card-scanner: warning: failed:")
    assert (len(lines) > 1) == traceback


def test_a_traceback_quotes_what_a_peer_sent_in_characters_that_can_be_written(capfd):
    with command_line.logging_to_stderr(verbose=False):
        command_line.logging.getLogger("edge.test").error("failed", exc_info=ValueError("\x1b[2J\ud800"))
    assert capfd.readouterr().err.splitlines()[-1] == "ValueError: \\u001b[2J\\ud800"


def test_a_files_name_forges_no_line_and_commands_no_terminal(scanner, capfd, tmp_path):
    name = "a\x1b[2J\ncard-scanner: error: forged.jpg"
    outcome = scanner("identify", tmp_path / name)
    assert outcome.complaint.endswith("is the path right?")
    assert "a\\u001b[2J\\u000acard-scanner: error: forged.jpg" in outcome.complaint
    with command_line.logging_to_stderr(verbose=False):
        command_line.logging.getLogger("edge.test").warning("left out %s", name)
    assert (
        capfd.readouterr().err == "card-scanner: warning: left out a\\u001b[2J\\u000acard-scanner: error: forged.jpg\n"
    )


def test_a_full_disk_is_one_sentence(scanner_process):
    with Path("/dev/full").open("w") as full:
        outcome = scanner_process("config", "--default", stdout=full)
    assert outcome.code == 1
    assert "No space left" in outcome.complaint


def test_a_reader_that_goes_away_is_no_failure(scanner_process):
    reading, writing = os.pipe()
    os.close(reading)
    outcome = scanner_process("config", "--default", stdout=writing)
    os.close(writing)
    assert (outcome.code, outcome.err) == (0, "")
