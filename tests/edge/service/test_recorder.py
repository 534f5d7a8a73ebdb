import logging
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from edge.errors import ConfigurationError
from edge.recording import bounded
from edge.recording.reading import RecordingReader
from edge.service.recorder import Recorder
from edge.wire.commands import NothingMore, RecordRequest
from tests.edge.detection.outline_maps import card_maps
from tests.edge.recording.recordings import TENTH_NS, frame, header

NOTHING = NothingMore()


@pytest.fixture
def now():
    return SimpleNamespace(ns=0)


@pytest.fixture
def recorder(tmp_path, now):
    recorder = Recorder(tmp_path, lambda fps: header(fps=fps), lambda ns: ns, clock=lambda: now.ns)
    yield recorder
    recorder.close()


def frame_ids(path):
    reader, read = RecordingReader(path), []
    while (shot := reader.next()) is not None:
        read.append(shot.recorded.frame_id)
    reader.close()
    assert reader.torn is None
    return read


def test_it_ends_after_its_time_with_the_frames_that_were_due(recorder, now, tmp_path):
    recorder.saw(frame(0))
    told = recorder.record(RecordRequest(path="a.tar", seconds=1.0, fps=5.0))
    for number in range(20):
        recorder.saw(frame(number))
        recorder.step()
        now.ns += TENTH_NS
    ended = recorder.recording(NOTHING)
    assert (ended.path, ended.ended, ended.left_out) == (told.path, "1 s are recorded", 0)
    assert frame_ids(tmp_path / "a.tar") == [40 + 3 * n for n in (0, 2, 4, 6, 8, 10)][: ended.frames]
    assert ended.frames >= 5
    assert abs(ended.size_mb - (tmp_path / "a.tar").stat().st_size / 1e6) < 0.02


def test_frames_that_come_too_fast_for_the_disk_are_left_out_and_counted(recorder, tmp_path):
    recorder.record(RecordRequest(path="a.tar"))
    for number in range(10):
        recorder.saw(frame(number))
    recorder.end_recording(NOTHING)
    recorder.step()
    told = recorder.recording(NOTHING)
    assert (told.frames, told.left_out, told.ended) == (4, 6, "it was ended")
    assert frame_ids(tmp_path / "a.tar") == [40, 43, 46, 49]


def test_the_outlines_of_a_sensor_are_recorded_as_boxes(recorder, tmp_path):
    quad = np.array([[10.0, 12.0], [50.0, 12.0], [50.0, 68.0], [10.0, 68.0]])
    recorder.record(RecordRequest(path="a.tar"))
    recorder.saw(replace(frame(0), outlines=card_maps(80, quad)))
    recorder.end_recording(NOTHING)
    recorder.step()
    reader = RecordingReader(tmp_path / "a.tar")
    np.testing.assert_allclose(reader.next().recorded.boxes, [(10, 12, 50, 68)], atol=0.6)
    reader.close()


def test_it_ends_at_its_size(recorder, tmp_path):
    recorder.record(RecordRequest(path="a.tar", max_mb=1))
    for number in range(1000):
        recorder.saw(frame(number))
        recorder.step()
    told = recorder.recording(NOTHING)
    assert told.ended == "it has reached 1 MB"
    assert 1.0 <= told.size_mb < 1.1


def test_a_disk_that_is_nearly_full_or_fails_ends_it_and_is_said(recorder, monkeypatch, caplog):
    recorder.record(RecordRequest(path="a.tar"))
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=bounded.RESERVE_BYTES - 1))
        recorder.saw(frame(0))
        recorder.step()
    assert recorder.recording(NOTHING).ended == "the disk is nearly full"
    recorder.record(RecordRequest(path="b.tar"))
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):

        def full(*_):
            raise OSError(28, "No space left on device")

        patch.setattr(bounded.RecordingWriter, "add_frame", full)
        recorder.saw(frame(0))
        recorder.step()
    assert recorder.recording(NOTHING).ended == "it could not be written: No space left on device"
    assert "b.tar ends here: No space left on device" in caplog.text
    recorder.record(RecordRequest(path="c.tar"))


def test_what_cannot_be_is_told(recorder, tmp_path):
    for ask in (recorder.recording, recorder.end_recording):
        with pytest.raises(ConfigurationError, match="nothing (was|is being) recorded"):
            ask(NOTHING)
    (tmp_path / "a.tar").touch()
    with pytest.raises(ConfigurationError, match="exists already"):
        recorder.record(RecordRequest(path="a.tar"))
    assert (tmp_path / "a.tar").read_bytes() == b""
    assert recorder.record(RecordRequest()).path.startswith(str(tmp_path / "recording-"))


def test_a_scanner_that_ends_leaves_a_whole_recording(recorder, tmp_path):
    recorder.record(RecordRequest(path="a.tar"))
    recorder.saw(frame(0))
    recorder.close()
    assert frame_ids(tmp_path / "a.tar") == [40]
    assert recorder.recording(NOTHING).ended == "the scanner ended"
