import weakref
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.imaging import photos


@pytest.mark.parametrize("command", ["identify", "measure", "calibrate"])
def test_a_photo_is_gone_before_the_next_is_decoded(
    scanner, tiny_settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((300, 400, 3), 80 + number, np.uint8))
    seen: list[weakref.ref[np.ndarray]] = []
    alive: list[int] = []
    decode = photos.decode_photo

    def counting(path: Path) -> photos.Photo:
        alive.append(sum(each() is not None for each in seen))
        photo = decode(path)
        seen.append(weakref.ref(photo.image))
        return photo

    monkeypatch.setattr(photos, "decode_photo", counting)
    scanner(command, tmp_path, *(["--output", tmp_path / "lens.json"] if command == "calibrate" else []))
    assert alive == [0, 0, 0]
