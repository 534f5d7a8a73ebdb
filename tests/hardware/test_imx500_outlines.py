import logging
import shutil
import time
from contextlib import closing

import numpy as np
import pytest

from edge.detection import CardDetector, Following, SensorBoxes
from edge.detection.networks.outline import OutlineProposer
from edge.errors import ModelError, SourceError
from edge.settings.sections import CameraSettings, Imx500Settings
from edge.shipped import MODELS
from edge.sources.imx500 import open_imx500
from edge.sources.imx500_outlines import outline_maps, region_in_frame
from edge.sources.sensor_network import SensorNetwork
from tests.edge.detection.outline_maps import card_maps
from tests.hardware.picamera_stand_in import tensor_metadata
from tests.hardware.test_imx500 import SIZE, table

CROP = (508, 0, 3040, 3040)
FRAME = (1520, 1520)
LOGITS = np.arange(1600, dtype=np.float32).reshape(1, 40, 40)
DISTANCES = np.arange(51_200, dtype=np.float32).reshape(32, 40, 40)


def test_the_region_of_the_frame_itself_is_exactly_the_frame():
    assert region_in_frame(CROP, CROP, FRAME) == (0, 0, 1520, 1520)


def test_a_region_beside_the_frame_reaches_beyond_it():
    assert region_in_frame((0, 0, 4032, 3040), CROP, FRAME) == (-254, 0, 2016, 1520)
    assert region_in_frame((1268, 760, 1520, 1520), CROP, FRAME) == (380, 380, 760, 760)


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_maps_are_read_in_whatever_order_the_converter_puts_them(channels_last, reverse):
    tensors = [np.moveaxis(each, 0, 2) if channels_last else each for each in (LOGITS, DISTANCES)]
    maps = outline_maps([each[None] for each in tensors[:: -1 if reverse else 1]], CROP, CROP, FRAME)
    np.testing.assert_array_equal(maps.logits, LOGITS[0])
    np.testing.assert_array_equal(maps.log_distances, DISTANCES)


@pytest.mark.parametrize(
    "tensors",
    [[LOGITS[None]], [LOGITS[None], LOGITS[None], DISTANCES[None]], [DISTANCES[None], DISTANCES[None]],
     [LOGITS[None, :, :20], DISTANCES[None]], [np.zeros((1, 10, 4)), np.zeros((1, 10)), np.zeros((1, 10))]],
)  # fmt: skip
def test_other_tensors_are_refused(tensors):
    with pytest.raises(SourceError, match="not maps of card outlines"):
        outline_maps(tensors, CROP, CROP, FRAME)


def test_values_that_are_no_numbers_are_refused():
    broken = LOGITS.copy()
    broken[0, 3, 3] = np.nan
    with pytest.raises(SourceError, match="not finite"):
        outline_maps([broken[None], DISTANCES[None]], CROP, CROP, FRAME)


@pytest.fixture
def own_network(camera_bench, tmp_path, monkeypatch) -> Imx500Settings:
    """The settings of a sensor whose file has no intrinsics, with the shipped manifest beside it."""
    monkeypatch.setattr(time, "monotonic_ns", camera_bench.clock)
    camera_bench.intrinsics = None
    network = tmp_path / "outline.rpk"
    network.write_bytes(b"network")
    shutil.copy(MODELS / "outline-imx500.json", tmp_path / "outline.json")
    return Imx500Settings(network=network)


def test_a_card_is_known_from_the_sensors_outline_without_a_search(
    camera_bench, own_network, tiny_database, monkeypatch
):
    picture, corners = table(next(iter(tiny_database.cards.values())), (380, 300), 12)
    maps = card_maps(SIZE, corners)
    camera_bench.show(picture, frames=40, **tensor_metadata(maps.logits[None], maps.log_distances))
    monkeypatch.setattr(OutlineProposer, "propose", lambda *_: pytest.fail("searched on the CPU"))
    with closing(Following(CardDetector(), SensorBoxes())) as following:
        source = open_imx500(CameraSettings(), own_network, 30.0)
        found = ()
        for _ in range(40):
            found = following.detect(source.read())
            if found:
                break
            time.sleep(0.02)
        source.close()
    assert camera_bench.log[:4] == ["network", "open 0", "start", "square"]
    np.testing.assert_allclose(found[0].quad, corners, atol=0.7)


def test_the_networks_time_is_told_once(camera_bench, own_network, caplog):
    caplog.set_level(logging.INFO)
    camera_bench.show(frames=3, CnnKpiInfo=(38_500, 2_100), **tensor_metadata(LOGITS, DISTANCES))
    source = open_imx500(CameraSettings(), own_network, 30.0)
    for _ in range(3):
        assert source.read().outlines.region == (0, 0, 48, 48)
    source.close()
    assert caplog.text.count("the network takes 38.5 ms, and 2.1 ms of its signal processor") == 1


def test_a_damaged_manifest_beside_the_network_is_told(camera_bench, own_network):
    own_network.network.with_suffix(".json").write_text("{}")
    with pytest.raises(ModelError, match="not a valid manifest"):
        SensorNetwork(own_network)
