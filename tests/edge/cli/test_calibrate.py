import cv2
import numpy as np
import PIL.Image
import pytest

from edge.calibration import read_calibration
from tests.edge.calibration.conftest import POSES, board_view


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photos of the board with a camera's name in them."""
    folder = tmp_path_factory.mktemp("board")
    for number, pose in enumerate(POSES):
        exif = PIL.Image.Exif()
        exif[271], exif[272] = "Maker", "Model 1"
        rgb = cv2.cvtColor(board_view(*pose), cv2.COLOR_BGR2RGB)
        PIL.Image.fromarray(rgb).save(folder / f"{number}.jpg", quality=95, exif=exif)
    return folder


def test_a_camera_is_calibrated_from_photos(scanner, photos, tmp_path):
    outcome = scanner("calibrate", photos, "--output", tmp_path / "camera.json", "--focus", "at 30 cm")
    assert (outcome.code, outcome.err) == (0, "")
    assert "reprojection error 0." in outcome.out
    found = read_calibration(tmp_path / "camera.json")
    assert (found.sensor, found.focus, found.width, found.height) == ("Maker Model 1", "at 30 cm", 1000, 760)
    assert found.coefficients[0] == pytest.approx(-0.16, abs=0.02)


def test_the_same_from_a_source(scanner, photos, tmp_path):
    outcome = scanner("calibrate", "--source", f"images:{photos}", "--output", tmp_path / "camera.json")
    assert outcome.code == 0, outcome.err
    assert "still missing: nothing" in outcome.out
    assert read_calibration(tmp_path / "camera.json").sensor == f"images:{photos}"


def test_the_board_is_written(scanner, tmp_path):
    assert scanner("calibrate", "--board", tmp_path / "board.pdf", "--paper", "letter").code == 0
    assert (tmp_path / "board.pdf").read_bytes().startswith(b"%PDF")


def test_what_is_missing_is_said(scanner, photos, tmp_path):
    output = tmp_path / "camera.json"
    few = scanner("calibrate", photos / "0.jpg", photos / "1.jpg", "--output", output)
    assert few.code == 1
    assert "in 2 pictures" in few.complaint
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((300, 400, 3), 128, np.uint8))
    mixed = scanner("calibrate", tmp_path / "grey.png", photos / "0.jpg", "--output", output)
    assert "grey.png: no board" in mixed.out
    assert not output.exists()
    assert "--output" in scanner("calibrate", photos).complaint
    assert "one of them" in scanner("calibrate", "--output", output).complaint


def test_photos_of_two_cameras_are_refused(scanner, photos, tmp_path):
    cv2.imwrite(str(tmp_path / "other.png"), board_view(*POSES[0]))
    outcome = scanner("calibrate", photos, tmp_path / "other.png", "--output", tmp_path / "camera.json")
    assert outcome.code == 2
    assert "differ in size, camera or focal length" in outcome.complaint


def test_nothing_but_an_earlier_board_or_calibration_is_replaced(scanner, tmp_path):
    (tmp_path / "card.jpg").write_bytes(b"photo")
    for command in (("--board", tmp_path / "card.jpg"), (tmp_path / "card.jpg", "--output", tmp_path / "card.jpg")):
        outcome = scanner("calibrate", *command)
        assert outcome.code == 2
        assert "card.jpg is there already and was not written by this command" in outcome.complaint
    assert (tmp_path / "card.jpg").read_bytes() == b"photo"
    for _ in range(2):
        assert scanner("calibrate", "--board", tmp_path / "board.pdf").code == 0
