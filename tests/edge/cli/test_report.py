import cv2
import numpy as np

from tests.edge.cli.test_measure import card_photo  # noqa: F401 (a fixture)


def test_front_and_back_of_one_card_on_one_page(scanner, card_photo, tmp_path):  # noqa: F811 (the fixture)
    path, left_share = card_photo
    output = tmp_path / "report.html"
    outcome = scanner("report", path, "--back", path, "--output", output)
    assert (outcome.code, outcome.out) == (0, f"{output} is written: open it in a browser\n")
    text = output.read_text(encoding="utf-8")
    assert "Front <small>measured automatically" in text
    assert "Back <small>measured automatically" in text
    assert abs(float(text.split("<b>")[1].split(" /")[0]) - left_share) < 0.7
    assert text.count('<image href="data:image/jpeg;base64,') == 2
    outcome = scanner("report", path, "--output", output)
    assert (outcome.code, "is there already" in outcome.complaint) == (2, True)
    assert output.read_text(encoding="utf-8").count("Front and back together allow") == 1


def test_a_photo_without_a_card_is_said(scanner, card_photo, tmp_path):  # noqa: F811

    cv2.imwrite(str(tmp_path / "bare.png"), np.full((800, 800, 3), 90, np.uint8))
    outcome = scanner("report", tmp_path / "bare.png", "--output", tmp_path / "report.html")
    assert outcome.code != 0
    assert "shows no card; a report is on one" in outcome.complaint
