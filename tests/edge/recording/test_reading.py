import io
import json
import re
import tarfile
from contextlib import closing

import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import SourceError
from edge.recording.archive import MAX_MEMBER_BYTES, member
from edge.recording.format import FRAMES, HEADER
from edge.recording.reading import RecordingReader
from edge.recording.writing import recorded
from tests.edge.recording.recordings import UTC_NS, frame, header, write_recording


def shots(path):
    reader = RecordingReader(path)
    read = []
    while (shot := reader.next()) is not None:
        read.append(shot)
    reader.close()
    return read, reader.torn


def header_of(path):
    with closing(RecordingReader(path)) as reader:
        return reader.header


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write_recording(tmp_path_factory.mktemp("whole") / "a.tar", [frame(n) for n in range(4)])


def test_frames_come_back_to_the_last_bit_with_all_that_is_known_of_them(whole):
    read, torn = shots(whole)
    assert torn is None
    for number, shot in enumerate(read):
        assert np.array_equal(shot.image, frame(number).image)
        assert shot.recorded == recorded(frame(number), UTC_NS + number * 100_000_000)
    assert header_of(whole) == header()


def test_other_programs_read_it_too(whole):
    with tarfile.open(whole) as archive:
        names = archive.getnames()
        assert names[:3] == [HEADER, "frames/000000040.json", "frames/000000040.png"]
        assert names[-1] == "end.json"
        assert len(names) == len(set(names))


def test_one_that_was_cut_off_anywhere_plays_to_its_last_whole_frame(whole, tmp_path):
    content = whole.read_bytes()
    with tarfile.open(whole) as archive:
        pictures = [m for m in archive if m.name.endswith(".png")]
        ends = [m.offset_data + m.size for m in pictures]
        first = archive.getmember(HEADER)
    cut = tmp_path / "cut.tar"
    for length in [*range(0, len(content), 97), *ends, *[end - 1 for end in ends]]:
        cut.write_bytes(content[:length])
        if length < first.offset_data + first.size:
            with pytest.raises(SourceError, match="no recording"):
                RecordingReader(cut)
            continue
        read, torn = shots(cut)
        assert [each.recorded.frame_id for each in read] == [40, 43, 46, 49][: sum(end <= length for end in ends)]
        if len(read) < 4:
            assert "was read up to" in torn


def test_blocks_that_a_power_cut_left_empty_are_its_end(whole, tmp_path):
    content = whole.read_bytes()
    torn = tmp_path / "torn.tar"
    torn.write_bytes(content[: len(content) // 2] + bytes(len(content) // 2))
    read, _ = shots(torn)
    assert 0 < len(read) < 4


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 10**6), value=st.integers(0, 255), length=st.integers(1, 600))
def test_whatever_is_damaged_what_is_read_was_recorded(whole, tmp_path, place, value, length):
    content = bytearray(whole.read_bytes())
    place %= len(content)
    content[place : place + length] = bytes([value]) * length
    (tmp_path / "damaged.tar").write_bytes(content)
    try:
        read, _ = shots(tmp_path / "damaged.tar")
    except SourceError as refused:
        assert "no recording that this version can play" in str(refused)
        return
    for number, shot in enumerate(read):
        assert np.array_equal(shot.image, frame(number).image)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=3000))
def test_another_file_is_refused_in_a_sentence(tmp_path, content):
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(SourceError, match="no recording that this version can play"):
        RecordingReader(tmp_path / "other")


def hostile(tmp_path, *parts: tuple[str, bytes]):
    path = tmp_path / "hostile.tar"
    path.write_bytes(b"".join(member(name, content, 0) for name, content in parts))
    return path


HEAD = (HEADER, header().model_dump_json().encode())


def told(**changes) -> bytes:
    return json.dumps(recorded(frame(0), UTC_NS).model_dump(mode="json") | changes).encode()


def png(width, height) -> bytes:

    stream = io.BytesIO()
    PIL.Image.new("RGB", (width, height)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([("a.json", told()), ("a.png", png(9, 9))], None),
        ([(f"{FRAMES}1.json", told(width=9, height=9)), (f"{FRAMES}1.png", png(3000, 2000))], "is not of 9 x 9 pixels"),
        ([(f"{FRAMES}1.json", told(width=16_000, height=16_000)), (f"{FRAMES}1.png", png(9, 9))], "is too large"),
        ([(f"{FRAMES}1.json", told(width=-1)), (f"{FRAMES}1.png", png(9, 9))], "width"),
        ([(f"{FRAMES}1.json", told(captured_ns=10**20))], "captured_ns"),
        ([(f"{FRAMES}1.json", told(boxes=[[0, 0, float("inf"), 1]]))], "boxes"),
        ([(f"{FRAMES}1.json", b"[" * 2_000_000)], "more than a recording does"),
        ([(f"{FRAMES}1.json", b"[" * 100_000)], "recursion|Invalid|invalid"),
    ],
)
def test_hostile_members_are_told_and_nothing_is_made_of_them(tmp_path, parts, why):
    read, torn = shots(hostile(tmp_path, HEAD, *parts))
    assert read == []
    if why is None:
        assert torn.endswith("it breaks off")
    else:
        assert re.search(why, torn)


def test_time_does_not_run_backwards(tmp_path):
    later, earlier = frame(2), frame(1)
    read, torn = shots(write_recording(tmp_path / "a.tar", [later, earlier]))
    assert len(read) == 1
    assert "was taken earlier" in torn


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_only_plain_files_are_members(tmp_path, kind):
    info = tarfile.TarInfo("x")
    info.type = kind
    path = hostile(tmp_path, HEAD)
    path.write_bytes(path.read_bytes() + info.tobuf(tarfile.USTAR_FORMAT))
    assert "no member of a recording" in shots(path)[1]


def test_a_size_beyond_all_bounds_is_not_read(tmp_path):
    info = tarfile.TarInfo(f"{FRAMES}1.json")
    info.size = MAX_MEMBER_BYTES + 1
    path = hostile(tmp_path, HEAD)
    path.write_bytes(path.read_bytes() + info.tobuf(tarfile.USTAR_FORMAT))
    assert "no member of a recording" in shots(path)[1]


def test_a_newer_version_may_say_more_but_another_form_is_refused(tmp_path):
    more = HEAD[1].replace(b"{", b'{"more": 1, ', 1)
    assert header_of(hostile(tmp_path, (HEADER, more))) == header()
    with pytest.raises(SourceError, match="recording: Input should be 1"):
        RecordingReader(hostile(tmp_path, (HEADER, HEAD[1].replace(b'"recording":1', b'"recording":2'))))


def test_what_is_no_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "missing", "/dev/zero"):
        with pytest.raises(SourceError, match="cannot read the recording"):
            RecordingReader(path)
