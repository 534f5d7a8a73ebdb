import sys

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.settings.sections import Imx500Settings, SourceSettings
from edge.sources import open_source
from edge.sources.demo import DemoSource
from edge.sources.images import ImagesSource


def test_a_camera_without_its_library_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "picamera2", None)
    network = tmp_path / "network.rpk"
    network.touch()
    for spec in ("picamera", "imx500"):
        with pytest.raises(SourceError, match="sudo apt install python3-picamera2"):
            open_source(SourceSettings(spec=spec), imx500=Imx500Settings(network=network))


def test_what_is_missing_is_named():
    for spec in ("images:/no/such", "video:/no/such", "v4l2:/no/such"):
        with pytest.raises(SourceError, match="/no/such"):
            open_source(SourceSettings(spec=spec))


def test_the_kind_decides(tmp_path):
    cv2.imwrite(str(tmp_path / "a:b.png"), np.zeros((30, 30, 3), np.uint8))
    photos = open_source(SourceSettings(spec=f"images:{tmp_path / 'a:b.png'}"))
    assert isinstance(photos, ImagesSource)
    assert not photos.live
    bench = open_source(SourceSettings(spec="demo"))
    bench.close()
    assert isinstance(bench, DemoSource)
    assert bench.live
