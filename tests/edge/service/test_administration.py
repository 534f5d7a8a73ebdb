import base64
import shutil
import stat
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from edge.calibration.stored import Calibration, write_calibration
from edge.errors import ConfigurationError, DatabaseError, SourceError
from edge.frame import Frame
from edge.pipeline.output import OutputStage
from edge.pipeline.selection import Feedback, Selector
from edge.pipeline.stages import RecognitionStage
from edge.pipeline.tracking import Tracker
from edge.recognition.opening import open_recognizer
from edge.service.administration import Administration, changed_settings
from edge.service.parts import measurer
from edge.settings.sections import RecognitionSettings, SnapshotSettings
from edge.settings.settings import Settings
from edge.wire.commands import COMMANDS
from edge.wire.encoding import encode
from edge.wire.envelope import Topic
from edge.wire.retained import Retained
from edge.wire.session import Session
from tests.wire_messages import card_message, health_message

IMAGE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)


@pytest.fixture
def settings(tiny_database, tmp_path):
    recognition = RecognitionSettings(model=tiny_database.model, database=tiny_database.database)
    return Settings(recognition=recognition, snapshot=SnapshotSettings(folder=tmp_path / "snapshots"))


@pytest.fixture
def parts(settings):
    feedback = Feedback()
    return SimpleNamespace(
        capture=SimpleNamespace(paused=False, newest=Frame(frame_id=5, timestamp_ns=6, image=IMAGE)),
        tracker=Tracker(settings.tracking),
        selector=Selector(settings.selection, feedback),
        stage=RecognitionStage(open_recognizer(settings.recognition)),
        loop=SimpleNamespace(max_batch=5),
        session=Session("bench"),
        retained=Retained(),
        output=OutputStage(settings.smoothing, feedback, envelope=lambda *_: None),
    )


@pytest.fixture
def administration(settings, parts):
    return Administration(
        settings,
        parts.capture,
        parts.tracker,
        parts.selector,
        (parts.stage, parts.loop),
        parts.output,
        published=(parts.session, parts.retained),
        measurer=lambda settings: measurer(settings, SimpleNamespace()),
    )


def ask(administration, name, **fields):
    """The reply to a command, as the control socket gives it."""
    request = COMMANDS[name].request.model_validate(fields)
    reply = administration.commands()[name](request)
    assert isinstance(reply, COMMANDS[name].reply)
    return reply


def test_pause_and_resume(administration, parts):
    assert ask(administration, "pause").paused
    assert parts.capture.paused
    assert ask(administration, "status").paused
    assert not ask(administration, "resume").paused
    assert not parts.capture.paused


def test_status_before_the_first_health_message(administration, parts):
    status = ask(administration, "status")
    assert status.health is None
    assert status.settings["tracking"]["min_hits"] == 3
    assert (status.device, status.session) == ("bench", parts.session.session)


def test_the_state_is_all_that_holds(administration, parts):
    for message in (card_message(1, Topic.APPEARED), card_message(8), health_message(3)):
        parts.retained.add(message, encode(message))
    state = ask(administration, "state")
    assert state.sequences == {"card.appeared": 1, "card.confirmed": 8, "health": 3}
    assert (state.tracks, state.health) == ([card_message(8)], health_message(3))


def test_every_command_has_its_form(administration):
    assert set(administration.commands()) == set(COMMANDS) - {
        "preview",
        "learn",
        "learned",
        "forget",
        "record",
        "recording",
        "end_recording",
    }


def test_reload_takes_a_new_database_and_new_settings(administration, parts, tiny_database, tmp_path):
    shutil.copytree(tiny_database.database, tmp_path / "copy")
    before = parts.stage.recognizer
    reply = ask(
        administration,
        "reload",
        settings={
            "recognition": {"database": str(tmp_path / "copy"), "max_batch": 2},
            "selection": {"sharpness": 50},
            "smoothing": {"confirm_after": 4},
            "tracking": {"hold_s": 0.3},
        },
    )
    assert reply.database_cards == 4
    assert parts.stage.recognizer is not before
    assert parts.stage.recognizer.database.path == tmp_path / "copy"
    assert (parts.loop.max_batch, parts.selector.settings.sharpness) == (2, 50)
    assert (parts.output.settings.confirm_after, parts.tracker.settings.hold_s) == (4, 0.3)
    assert ask(administration, "status").settings["smoothing"]["confirm_after"] == 4


def test_a_database_that_cannot_be_opened_leaves_the_present_one_in_use(administration, parts, tmp_path):
    before = parts.stage.recognizer
    changes = {"recognition": {"database": str(tmp_path / "none")}, "selection": {"sharpness": 50}}
    with pytest.raises(DatabaseError):
        ask(administration, "reload", settings=changes)
    assert parts.stage.recognizer is before
    assert parts.selector.settings.sharpness == 100


def test_a_name_that_is_too_long_is_no_database(administration):
    with pytest.raises(DatabaseError, match="is not a folder with a card database"):
        ask(administration, "reload", settings={"recognition": {"database": "n" * 300}})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": {"spec": "demo"}}, "source: cannot be changed by reload"),
        ({"publish": {}}, "publish: cannot be changed"),
        ({"selection": {"sharpness": -1}}, "selection.sharpness"),
        ({"selection": {"colour": 1}}, r"selection.colour: there is no such key; the keys of \[selection\] are "),
        ({"cooking": {}}, "^cooking: there is no such section; the sections are source, "),
        ({"cooking": {"oven": 200}}, "^cooking: there is no such section"),
    ],
)
def test_settings_that_cannot_be_taken_are_named(changes, message):
    with pytest.raises(ConfigurationError, match=message):
        changed_settings(Settings(), changes)


def test_commands_take_only_what_they_know(administration):
    for name in administration.commands():
        with pytest.raises(ValidationError):
            ask(administration, name, volume=11)


def test_a_snapshot_in_the_reply(administration):
    reply = ask(administration, "snapshot", format="png")
    data = np.frombuffer(base64.b64decode(reply.image), np.uint8)
    assert (reply.frame_id, reply.format) == (5, "png")
    assert (cv2.imdecode(data, cv2.IMREAD_COLOR) == IMAGE).all()


@pytest.mark.parametrize("whole_path", [True, False])
@pytest.mark.parametrize("name", ["frame.png", "frame.JPG"])
def test_a_snapshot_in_a_file_that_the_group_may_read(administration, tmp_path, name, whole_path):
    folder = tmp_path / "snapshots"
    reply = ask(administration, "snapshot", path=str(folder / name) if whole_path else name)
    assert reply.path == str(folder / name)
    assert cv2.imread(str(folder / name)).shape == IMAGE.shape
    assert [path.name for path in folder.iterdir()] == [name]
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o640


def test_a_snapshot_never_writes_over_a_file(administration, tmp_path):
    precious = tmp_path / "precious.png"
    precious.write_bytes(b"precious")
    folder = tmp_path / "snapshots"
    ask(administration, "snapshot", path="a.png")
    (folder / "link.png").symlink_to(precious)
    (folder / "dangling.png").symlink_to(tmp_path / "elsewhere.png")
    for name in ("a.png", "link.png", "dangling.png"):
        with pytest.raises(ConfigurationError, match="exists already"):
            ask(administration, "snapshot", path=name)
    for path in (str(precious), "../precious.png", "sub/a.png", str(tmp_path / "new.png"), "a\0.png", "a\n.png"):
        with pytest.raises(ConfigurationError, match="give a file's name alone"):
            ask(administration, "snapshot", path=path)
    assert precious.read_bytes() == b"precious"
    assert not (tmp_path / "elsewhere.png").exists()
    assert sorted(path.name for path in folder.iterdir()) == ["a.png", "dangling.png", "link.png"]


def test_a_snapshot_that_cannot_be_taken(administration, parts, tmp_path):
    with pytest.raises(ConfigurationError, match=r"must end in \.png or \.jpg"):
        ask(administration, "snapshot", path="frame.tiff")
    with pytest.raises(ConfigurationError, match="cannot be written: File name too long"):
        ask(administration, "snapshot", path=f"{'n' * 300}.png")
    (tmp_path / "snapshots").rmdir()
    (tmp_path / "snapshots").write_bytes(b"not a folder")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        ask(administration, "snapshot", path="frame.png")
    parts.capture.newest = None
    with pytest.raises(SourceError, match="no frame yet"):
        ask(administration, "snapshot")


def test_a_calibration_is_used_from_the_reload_on(administration, parts, tmp_path):
    calibration = Calibration(
        sensor=None, focus=None, width=4, height=4, focal_px=(9, 9), centre_px=(2, 2), coefficients=(0, 0, 0, 0, 0),
        reprojection_error_px=0.1, views=9, coverage=0.5, created="2024-01-01T00:00:00+00:00",
    )  # fmt: skip
    before = parts.output.measure
    with pytest.raises(ConfigurationError, match="none.json"):
        ask(administration, "reload", settings={"centering": {"calibration": str(tmp_path / "none.json")}})
    assert parts.output.measure is before
    write_calibration(tmp_path / "camera.json", calibration)
    ask(administration, "reload", settings={"centering": {"calibration": str(tmp_path / "camera.json")}})
    assert parts.output.measure is not before
    assert parts.output.measure.calibration == calibration


def test_a_setting_that_needs_a_restart_is_named(administration, settings):
    publish = settings.publish.model_copy(update={"health_interval_s": 5.0, "send_high_water_mark": 7})
    with pytest.raises(ConfigurationError, match=r"publish\.send_high_\w+, publish\.health_interval_s: cannot be"):
        administration.use(settings.model_copy(update={"publish": publish}))
