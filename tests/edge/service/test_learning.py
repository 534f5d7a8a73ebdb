import base64
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from edge.errors import DatabaseError, LearningError
from edge.frame import Frame
from edge.geometry import card_homography
from edge.pipeline.selection import Crop
from edge.pipeline.smoothing import Verdict
from edge.pipeline.stages import RecognitionStage
from edge.service.learning import Learning, open_with_learned
from edge.settings.sections import RecognitionSettings
from edge.settings.settings import Settings
from edge.simulator.card import render_card
from edge.simulator.sets import demo_cards
from edge.wire.commands import COMMANDS, ForgetRequest, LearnedRequest, LearnRequest
from edge.wire.messages import TrackState

QUAD = np.array([[100.0, 80], [289, 90], [280, 350], [95, 344]])
UNKNOWN = Verdict(state=TrackState.UNKNOWN_CARD)


@pytest.fixture(scope="module")
def stranger() -> np.ndarray:
    spec = [spec for spec in demo_cards() if spec.lookalike_of is None][4]
    return cv2.resize(render_card(spec, 8.0), (504, 704))


@pytest.fixture
def settings(tiny_database, tmp_path) -> Settings:
    recognition = RecognitionSettings(
        model=tiny_database.model, database=tiny_database.database, learned=tmp_path / "learned"
    )
    return Settings(recognition=recognition)


@pytest.fixture
def parts(settings):
    stage = RecognitionStage(open_with_learned(settings))
    output = SimpleNamespace(verdicts={3: UNKNOWN})
    output.in_view = lambda: output.verdicts
    return SimpleNamespace(stage=stage, output=output, learning=Learning(stage, output, lambda: settings))


def look(stage: RecognitionStage, card: np.ndarray, track_id: int = 3, times: int = 3):
    """The newest answers for a card that lies there."""
    matrix = np.linalg.inv(card_homography(QUAD, card.shape[1], card.shape[0]))
    frame = Frame(frame_id=0, timestamp_ns=0, image=cv2.warpPerspective(card, matrix, (480, 420)))
    crop = Crop(
        track_id=track_id, frame=frame, quad=QUAD, sharpness=200.0, sharp=True, fingerprint=np.zeros(8, np.uint8),
        first_frame_id=0,
    )  # fmt: skip
    answers = stage.process([crop] * times)
    stage.views.add(answers)
    return answers[-1]


def test_a_card_is_learned_listed_and_forgotten(parts, stranger, settings):
    assert not look(parts.stage, stranger).recognition.named
    reply = parts.learning.learn(LearnRequest(name="Mossy Drake"))
    assert (reply.card.details.name, reply.track_id) == ("Mossy Drake", 3)
    card_id = reply.card.card_id
    answer = look(parts.stage, stranger)
    assert answer.recognition.card_id == card_id
    assert (answer.details.name, answer.reference) == ("Mossy Drake", None)
    listed = parts.learning.learned(LearnedRequest())
    assert [(card.card_id, card.views) for card in listed.cards] == [(card_id, [])]
    assert listed.folder == str(settings.recognition.learned)
    views = parts.learning.learned(LearnedRequest(card_id=card_id)).cards[0].views
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(views[0]), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (704, 504, 3)
    again = open_with_learned(settings)
    assert [card.card_id for card in again.learned.cards] == [card_id]
    assert parts.learning.forget(ForgetRequest(card_id=card_id)).card_id == card_id
    assert not look(parts.stage, stranger).recognition.named
    assert parts.learning.learned(LearnedRequest()).cards == []


def test_a_card_is_not_learned_twice(parts, stranger):
    look(parts.stage, stranger)
    card_id = parts.learning.learn(LearnRequest(name="Mossy Drake")).card.card_id
    with pytest.raises(LearningError, match=rf"looks like Mossy Drake \({card_id}\)"):
        parts.learning.learn(LearnRequest(name="Another"))


def test_the_one_card_that_is_not_known_is_learned(parts, stranger, tiny_database):
    card_id, known = next(iter(tiny_database.cards.items()))
    confirmed = Verdict(state=TrackState.CONFIRMED, card_id=card_id)
    look(parts.stage, stranger)
    look(parts.stage, known, track_id=4)
    for verdicts, said in (
        ({}, "no card lies in view"),
        ({4: confirmed}, rf"known already: Card {card_id} \({card_id}\)"),
        ({3: UNKNOWN, 5: Verdict()}, r"2 cards in view are not known \(tracks 3, 5\)"),
        ({5: UNKNOWN}, "only 0 of 3 sharp views"),
    ):
        parts.output.verdicts = verdicts
        with pytest.raises(LearningError, match=said):
            parts.learning.learn(LearnRequest(name="Name"))
    parts.output.verdicts = {3: UNKNOWN, 4: confirmed, 5: UNKNOWN}
    with pytest.raises(LearningError, match="no card of track 9 lies in view"):
        parts.learning.learn(LearnRequest(name="Name", track_id=9))
    with pytest.raises(LearningError, match="known already"):
        parts.learning.learn(LearnRequest(name="Name", track_id=4))
    assert parts.learning.learn(LearnRequest(name="Name", track_id=3)).track_id == 3


def test_a_forgotten_card_that_is_still_told_is_no_failure_of_the_database(parts, stranger):
    look(parts.stage, stranger)
    card_id = parts.learning.learn(LearnRequest(name="Mossy Drake")).card.card_id
    parts.learning.forget(ForgetRequest(card_id=card_id))
    parts.output.verdicts = {3: Verdict(state=TrackState.CONFIRMED, card_id=card_id)}
    with pytest.raises(LearningError, match=rf"told as {card_id}, which is not known any more; try again in a moment"):
        parts.learning.learn(LearnRequest(name="Mossy Drake"))


def test_what_was_taken_for_no_card_may_be_taught_where_nothing_else_lies_there(parts, stranger):
    look(parts.stage, stranger)
    parts.output.verdicts = {3: Verdict(state=TrackState.NO_CARD)}
    assert parts.learning.learn(LearnRequest(name="Name")).track_id == 3


def test_a_card_that_cannot_be_kept_is_not_learned(parts, stranger, settings):
    settings.recognition.learned.write_bytes(b"a file")
    look(parts.stage, stranger)
    with pytest.raises(DatabaseError, match=r"cannot keep learned cards in .*: Not a directory"):
        parts.learning.learn(LearnRequest(name="Name"))
    assert not look(parts.stage, stranger).recognition.named


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("learn", {}),
        ("learn", {"name": "a\u202eb"}),
        ("learn", {"name": "a", "track_id": -1}),
        ("learn", {"name": "a", "set": "b"}),
        ("learned", {"all": True}),
        ("forget", {}),
    ],
)
def test_commands_take_only_what_they_know(parts, command, fields):
    assert command in parts.learning.commands()
    with pytest.raises(ValidationError):
        COMMANDS[command].request.model_validate(fields)
