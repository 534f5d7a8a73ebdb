import logging

import numpy as np
import pytest

from edge.errors import ConfigurationError, SourceError
from edge.frame import CameraExposure
from edge.settings.sections import SourceSettings
from edge.sources import open_source
from edge.sources.base import Recorded
from tests.edge.recording.recordings import START_NS, TENTH_NS, UTC_NS, frame, write_recording


@pytest.fixture
def recording(tmp_path):
    return write_recording(tmp_path / "a.tar", [frame(n) for n in range(5)])


def test_frames_are_those_of_then_numbered_from_0_on_a_clock_that_stands_still_meanwhile(recording):
    source = open_source(SourceSettings(spec=f"replay:{recording}"))
    assert isinstance(source, Recorded)
    assert (source.device, source.session, source.origin) == ("bench", "0123456789abcdef", "imx500")
    assert (source.live, source.stills, source.gives_boxes) == (False, False, True)
    for number in range(5):
        played = source.read()
        assert (played.frame_id, played.stretch) == (3 * number, number // 3)
        assert played.timestamp_ns == source.monotonic_ns() == START_NS + number * TENTH_NS
        assert source.utc_ns() == UTC_NS + number * TENTH_NS
        assert np.array_equal(played.image, frame(number).image)
        assert played.boxes is None if number % 2 == 0 else played.boxes.tolist() == [[1.5, 2.0, 20.25, 18.0]]
        assert played.exposure == CameraExposure(time_us=10_000, gain=2.5)
    assert source.read() is None
    assert source.monotonic_ns() == START_NS + 4 * TENTH_NS
    source.close()
    source.close()


def test_one_that_was_cut_says_so_at_its_end(recording, caplog):
    recording.write_bytes(recording.read_bytes()[:-4000])
    source = open_source(SourceSettings(spec=f"replay:{recording}"))
    with caplog.at_level(logging.WARNING):
        assert [source.read() is None for _ in range(5)] == [False] * 4 + [True]
    assert f"{recording} was read up to frame 49" in caplog.text
    source.close()


def test_one_without_a_frame_or_in_a_loop_is_refused(tmp_path, recording):
    with pytest.raises(SourceError, match="holds no frame"):
        open_source(SourceSettings(spec=f"replay:{write_recording(tmp_path / 'b.tar', [])}"))
    with pytest.raises(ConfigurationError, match=r"source\.loop"):
        open_source(SourceSettings(spec=f"replay:{recording}", loop=True))
