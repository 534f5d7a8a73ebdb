from pathlib import Path

import cv2
import numpy as np
import pytest

from edge.errors import SourceError
from edge.sources.video import VideoSource

FRAMES = 30


def write_video(path: Path, codec: str) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 30, (64, 48))
    noise = np.random.default_rng(0).integers(0, 30, (48, 64, 3), dtype=np.uint8)
    for number in range(FRAMES):
        writer.write(noise + np.uint8(7 * number))
    writer.release()
    return path


def truncate(path: Path, share: float) -> Path:
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    return path


def read_all(source: VideoSource) -> list[int]:
    ids = []
    while (frame := source.read()) is not None:
        ids.append(frame.frame_id)
    return ids


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.mkv", "XVID")])
def test_every_frame_is_delivered(tmp_path, name, codec):
    source = VideoSource(write_video(tmp_path / name, codec))
    first = source.read()
    assert first.image.shape == (48, 64, 3)
    assert first.image.dtype == np.uint8
    assert [first.frame_id, *read_all(source)] == list(range(FRAMES))
    assert source.read() is None


def test_it_starts_again_when_asked_to(tmp_path):
    source = VideoSource(write_video(tmp_path / "a.avi", "MJPG"), loop=True)
    frames = [source.read() for _ in range(2 * FRAMES + 1)]
    assert [frame.frame_id for frame in frames] == list(range(2 * FRAMES + 1))
    assert np.array_equal(frames[0].image, frames[2 * FRAMES].image)
    assert [frame.stretch for frame in frames] == [0] * FRAMES + [1] * FRAMES + [2]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.mkv", "XVID")])
def test_time_passes_as_it_did_when_it_was_recorded(tmp_path, name, codec):
    source = VideoSource(write_video(tmp_path / name, codec))
    times_ms = [source.read().scene_ns / 1e6 for _ in range(FRAMES)]
    assert times_ms == pytest.approx([number * 1000 / 30 for number in range(FRAMES)], abs=1.0)


@pytest.mark.parametrize(("name", "codec"), [("a.avi", "MJPG"), ("a.mkv", "MJPG")])
def test_a_truncated_video_is_used_up_to_the_break(tmp_path, name, codec):
    source = VideoSource(truncate(write_video(tmp_path / name, codec), 0.6))
    ids = []
    with pytest.raises(SourceError, match=rf"breaks off after frame \d+ of {FRAMES}") as failure:
        while (frame := source.read()) is not None:
            ids.append(frame.frame_id)
    assert ids == list(range(len(ids)))
    assert 5 < len(ids) < FRAMES
    assert f"after frame {len(ids)} of" in str(failure.value)


def test_a_truncated_mp4_cannot_be_opened(tmp_path):
    with pytest.raises(SourceError, match="not a video that can be read"):
        VideoSource(truncate(write_video(tmp_path / "a.mp4", "mp4v"), 0.6))


@pytest.mark.parametrize("content", [b"", b"this is no video"])
def test_what_is_no_video_is_refused(tmp_path, content):
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.mp4 is not a video that can be read"):
        VideoSource(tmp_path / "a.mp4")


def test_a_missing_video_or_a_folder_is_refused(tmp_path):
    with pytest.raises(SourceError, match="No such file"):
        VideoSource(tmp_path / "a.mp4")
    with pytest.raises(SourceError, match="Is a directory"):
        VideoSource(tmp_path)


def test_a_closed_source_ends(tmp_path):
    source = VideoSource(write_video(tmp_path / "a.avi", "MJPG"))
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None
