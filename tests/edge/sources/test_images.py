import itertools
import logging

import cv2
import numpy as np
import PIL.Image
import pytest

from edge.errors import ImageError, SourceError
from edge.pipeline.continuity import Continuity
from edge.sources.images import FRAMES_PER_PHOTO, ImagesSource


@pytest.fixture
def folder(tmp_path):
    for level, name in ((10, "1.png"), (20, "2.png"), (30, "10.png")):
        cv2.imwrite(str(tmp_path / name), np.full((40, 30, 3), level, np.uint8))
    return tmp_path


def frames_of(source, limit=1000):
    frames = []
    while len(frames) < limit and (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def test_each_photo_is_shown_for_a_moment_in_natural_order(folder):
    frames = frames_of(ImagesSource(folder))
    assert [frame.frame_id for frame in frames] == list(range(3 * FRAMES_PER_PHOTO))
    assert [int(f.image[0, 0, 0]) for f in frames] == [level for level in (10, 20, 30) for _ in range(FRAMES_PER_PHOTO)]
    assert all(a.timestamp_ns < b.timestamp_ns for a, b in itertools.pairwise(frames))


def test_it_starts_again_when_asked_to(folder):
    frames = frames_of(ImagesSource(folder, loop=True), limit=4 * FRAMES_PER_PHOTO)
    assert int(frames[-1].image[0, 0, 0]) == 10
    assert frames[-1].frame_id == 4 * FRAMES_PER_PHOTO - 1


def test_each_photo_is_a_stretch_of_its_own_and_a_single_one_goes_on(folder):
    frames = frames_of(ImagesSource(folder, loop=True), limit=4 * FRAMES_PER_PHOTO)
    assert [frame.stretch for frame in frames] == [photo for photo in range(4) for _ in range(FRAMES_PER_PHOTO)]
    alone = frames_of(ImagesSource(folder / "1.png", loop=True), limit=4 * FRAMES_PER_PHOTO)
    assert {frame.stretch for frame in alone} == {0}


def test_in_a_photo_no_time_goes_by_however_slowly_its_frames_are_taken(folder, monkeypatch):
    monkeypatch.setattr("edge.sources.images.time.monotonic_ns", iter(range(0, 10**12, 10**9)).__next__)
    continuity, source = Continuity(), ImagesSource(folder)
    stretches = [continuity.stretch_of(source.read(), 0.5) for _ in range(2 * FRAMES_PER_PHOTO)]
    assert stretches == [0] * FRAMES_PER_PHOTO + [1] * FRAMES_PER_PHOTO


def test_an_unreadable_photo_is_named_counted_and_missing_from_the_frames(folder, caplog):
    (folder / "2.png").write_bytes(b"broken")
    source = ImagesSource(folder)
    with caplog.at_level(logging.WARNING):
        ids = [frame.frame_id for frame in frames_of(source)]
    assert ids == [*range(FRAMES_PER_PHOTO), *range(2 * FRAMES_PER_PHOTO, 3 * FRAMES_PER_PHOTO)]
    assert source.unreadable == 1
    assert [record.message.count("2.png") for record in caplog.records] == [1]


@pytest.mark.parametrize("loop", [False, True])
def test_a_folder_with_nothing_readable_fails(folder, loop):
    for photo in folder.iterdir():
        photo.write_bytes(b"broken")
    with pytest.raises(SourceError, match="none of the 3 photos"):
        frames_of(ImagesSource(folder, loop=loop))


def test_a_stick_that_is_pulled_out_ends_it_after_one_round(folder, caplog):
    source = ImagesSource(folder, loop=True)
    frames_of(source, limit=5 * FRAMES_PER_PHOTO)
    for photo in folder.iterdir():
        photo.unlink()
    with caplog.at_level(logging.WARNING), pytest.raises(SourceError, match=r"none of the 3 photos .*any more"):
        frames_of(source)
    assert len(caplog.records) == 3


def test_one_photo_that_can_be_read_keeps_the_others_from_ending_it(folder):
    for name in ("2.png", "10.png"):
        (folder / name).write_bytes(b"broken")
    source = ImagesSource(folder, loop=True)
    frames = frames_of(source, limit=5 * FRAMES_PER_PHOTO)
    assert {int(frame.image[0, 0, 0]) for frame in frames} == {10}
    assert source.unreadable == 8


def test_a_single_photo_is_checked_at_once(folder):
    assert len(frames_of(ImagesSource(folder / "1.png"))) == FRAMES_PER_PHOTO
    (folder / "1.png").write_bytes(b"broken")
    with pytest.raises(ImageError, match=r"1\.png"):
        ImagesSource(folder / "1.png")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(SourceError, match="no photos"):
        ImagesSource(tmp_path)


def test_a_closed_source_ends(folder):
    source = ImagesSource(folder, loop=True)
    assert source.read() is not None
    source.close()
    source.close()
    assert source.read() is None


def test_whatever_a_decoder_raises_costs_one_photo(folder, monkeypatch, caplog):
    def fail(_):
        raise RuntimeError("Decoding of color planes failed")

    (folder / "2.png").rename(folder / "2.avif")
    PIL.Image.new("RGB", (40, 30)).save(folder / "2.avif")
    monkeypatch.setattr("PIL.AvifImagePlugin.AvifImageFile.load", fail)
    with caplog.at_level(logging.WARNING):
        assert len(frames_of(ImagesSource(folder))) == 2 * FRAMES_PER_PHOTO
    assert "2.avif is damaged or incomplete (Decoding of color planes failed); copy it again" in caplog.text


@pytest.mark.parametrize("read", [0, 1, 9])
def test_an_interrupted_photo_is_shown_again_from_its_first_frame(folder, read):
    source = ImagesSource(folder)
    before = [source.read() for _ in range(FRAMES_PER_PHOTO + read)]
    source.repeat()
    source.repeat()
    after = frames_of(source)
    assert [frame.frame_id for frame in before + after] == list(range(3 * FRAMES_PER_PHOTO + read))
    assert [int(frame.image[0, 0, 0]) for frame in after] == [
        level for level in (20, 30) for _ in range(FRAMES_PER_PHOTO)
    ]
    assert [frame.stretch for frame in after] == [photo for photo in (1, 2) for _ in range(FRAMES_PER_PHOTO)]
