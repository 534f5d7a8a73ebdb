from pathlib import Path

import pytest

from edge.errors import ConfigurationError
from edge.settings.settings import Settings, load_settings


def read(folder: Path, text: str) -> Settings:
    (folder / "older.toml").write_text(text, encoding="utf-8")
    return load_settings(folder / "older.toml", environment={})


def test_a_hold_in_frames_of_an_older_file_becomes_seconds(tmp_path: Path, caplog):
    settings = read(tmp_path, "[source]\nfps = 20\n[tracking]\nmax_missed_frames = 15\n")
    assert settings.tracking.hold_s == 0.75
    assert "tracking.hold_s, in seconds: 15 frames are taken as 0.75 s" in caplog.text
    assert load_settings(environment={"CARD_SCANNER_TRACKING__MAX_MISSED_FRAMES": "30"}).tracking.hold_s == 1.0
    with pytest.raises(ConfigurationError, match="is now tracking.hold_s"):
        load_settings(environment={"CARD_SCANNER_TRACKING__MAX_MISSED_FRAMES": "many"})


def test_distances_of_an_older_file_are_left_out_and_told(tmp_path: Path, caplog):
    settings = read(tmp_path, "[smoothing]\nconfirm_after = 4\nconfirmed = 0.2\nnot_a_card = 0.6\n")
    assert settings.smoothing.confirm_after == 4
    assert "smoothing.confirmed, not_a_card: distances decide no longer" in caplog.text
