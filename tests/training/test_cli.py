import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests.training.conftest import coarse_cards
from training.cli import build_parser, main


@pytest.mark.parametrize("command", ["student", "export", "preview", "index"])
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"card-training {command}" in capsys.readouterr().out


def test_help_lists_the_commands_without_loading_torch():
    code = "import sys, training.cli as c; print(c.build_parser(None).format_help(), 'torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(command in shown for command in ("student", "export", "preview", "index", "evaluate"))
    assert shown.strip().endswith("False")


def test_a_run_has_one_length(capsys):
    with pytest.raises(SystemExit) as ended:
        build_parser("student").parse_args(["student", "--name", "x", "--steps", "1", "--minutes", "1"])
    assert ended.value.code == 2
    assert main(["student", "--name", "x"]) == 2
    assert "say how long to train" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--teacher", "t.pt", "--steps", "1"], []])
def test_a_recipe_has_its_own_length_and_needs_a_teacher(options, capsys):
    assert main(["student", "--name", "x", "--recipe", "distillation", *options]) == 2
    assert "has its own length, and needs --teacher" in capsys.readouterr().err


def test_a_known_failure_is_one_sentence(tmp_path, capsys):
    code = main(["export", "--checkpoint", str(tmp_path / "none.pt"), "--output", str(tmp_path / "model.onnx")])
    assert code == 1
    error = capsys.readouterr().err
    assert error.splitlines()[-1].startswith("card-training: there is no checkpoint")
    assert error.splitlines()[:-1] == ["loading PyTorch"]


def test_preview_writes_a_picture(tmp_path):
    assert main(["preview", "--output", str(tmp_path / "sheet.png"), "--cards", "1"]) == 0
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet.shape[0] == 224
    assert sheet.shape[1] > 10 * 160


def test_preview_shows_ones_own_cards(tmp_path, capsys):
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"mine {number}.png"), coarse_cards(1, number)[0])
    (tmp_path / "mine 1.png").write_bytes(b"text")
    assert main(["preview", str(tmp_path), "--output", str(tmp_path / "out" / "sheet.png"), "--cards", "5"]) == 0
    sheet = cv2.imread(str(tmp_path / "out" / "sheet.png"))
    assert sheet.shape[0] == 2 * 224
    originals = sheet[30:224, :160], sheet[254:, :160]
    expected = [cv2.resize(coarse_cards(1, number)[0], (160, 224))[30:] for number in (0, 2)]
    assert [np.abs(seen.astype(int) - card).mean() < 10 for seen, card in zip(originals, expected, strict=True)] == [
        True,
        True,
    ]
    assert "mine 1.png" in capsys.readouterr().err
    (tmp_path / "mine 0.png").unlink()
    (tmp_path / "mine 2.png").unlink()
    assert main(["preview", str(tmp_path), "--output", str(tmp_path / "out" / "sheet.png")]) == 1
    assert "card-training inspect says why" in capsys.readouterr().err


def test_preview_refuses_an_unknown_kind_of_picture(tmp_path, capsys):
    assert main(["preview", "--output", str(tmp_path / "sheet.xyz"), "--cards", "1"]) == 1
    assert ".xyz" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["inspect", ""], ["preview", "--output", ""]])
def test_an_empty_path_is_not_the_folder_that_the_command_is_run_in(arguments, capsys):
    assert main(arguments) == 2
    assert "a path is empty" in capsys.readouterr().err
