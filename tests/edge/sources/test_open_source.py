import cv2
import numpy as np
import pytest

from edge.config import SourceSettings
from edge.errors import ConfigurationError, SourceError
from edge.sources import open_source
from edge.sources.demo import DemoSource
from edge.sources.images import ImagesSource


@pytest.mark.parametrize("spec", ["", "nothing", "images", "images:", "video:", "v4l2:", "camera:0", "http://x/y"])
def test_a_bad_spec_lists_the_good_ones(spec):
    with pytest.raises(ConfigurationError, match=r"demo, images:DIR_OR_FILE, video:FILE or v4l2:/dev/video0"):
        open_source(SourceSettings(spec=spec))


@pytest.mark.parametrize("spec", ["picamera", "imx500"])
def test_the_appliance_cameras_are_not_there_yet(spec):
    with pytest.raises(ConfigurationError, match=f"{spec} needs the appliance's camera"):
        open_source(SourceSettings(spec=spec))


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
