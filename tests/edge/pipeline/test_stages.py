"""The flow on synthetic frames, with plain substitutes for the detector and the model."""

import gc
import weakref

import cv2
import numpy as np
import pytest

from edge.centering import Centering
from edge.centering.figures.figures import figures_from_places
from edge.centering.figures.grading import shipped_tables
from edge.centering.figures.places import place_positions_mm
from edge.centering.figures.resting import CHECK_EVERY, MAX_FRAMES
from edge.centering.result import Place
from edge.database.search import Match
from edge.detection.following.failures import SearchFailures
from edge.detection.shape import grown_quad
from edge.frame import Detection, Frame
from edge.geometry import SIDES, card_homography, card_quad, rotated_half_turn
from edge.imaging.print_reference import PrintReference
from edge.imaging.rectification import upside_down
from edge.pipeline.handover import Correction, Corrections
from edge.pipeline.output import OutputStage
from edge.pipeline.selection import Feedback, Selector
from edge.pipeline.stages import CaptureStage, RecognitionStage
from edge.pipeline.tracking import Tracker
from edge.recognition.belief import Belief, Worth
from edge.recognition.recognition import Recognition
from edge.settings.sections import SelectionSettings, SmoothingSettings, TrackingSettings
from edge.wire.envelope import Topic
from edge.wire.messages import CardDetails, TrackState
from edge.wire.session import Session

QUAD = np.array([[100.0, 80], [289, 90], [280, 350], [95, 344]])
MILLISECOND = 1_000_000


def card_image(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (22, 16, 3), dtype=np.uint8)
    return cv2.resize(noise, (504, 704), interpolation=cv2.INTER_NEAREST)


CARDS = {f"demo-{seed:03}": card_image(seed) for seed in range(4)}


def picture(card: np.ndarray, quad: np.ndarray = QUAD) -> np.ndarray:
    matrix = np.linalg.inv(card_homography(quad, card.shape[1], card.shape[0]))
    return cv2.warpPerspective(card, matrix, (480, 420))


def centering_of(border_mm: float, std_mm: float, left_mm: float | None = None) -> Centering:
    widths = dict.fromkeys(SIDES, border_mm) | ({} if left_mm is None else {"left": left_mm})
    places = tuple(
        Place(
            side=side, position_mm=float(position), outer_px=(0.0, 0.0), inner_px=(1.0, 1.0), width_mm=widths[side],
            std_mm=std_mm, shared_std_mm=0.25 * std_mm, outlier=False,
        )
        for side in SIDES
        for position in place_positions_mm(side)
    )  # fmt: skip
    return Centering(figures=figures_from_places(places, "front", shipped_tables()), places=places, px_per_mm=12.0)


def worth_at(distance: float) -> Worth:
    """By distance alone."""
    limits = ((0.25, Worth.STRONG), (0.40, Worth.WEAK), (0.50, Worth.UNKNOWN))
    return next((worth for limit, worth in limits if distance <= limit), Worth.NOT_A_CARD)


def belief_at(distance: float, matches: int) -> Belief:
    """As sure as the distance is below the one that confirms."""
    return Belief(log_odds=40 * (0.25 - distance), needed=0.0, probabilities=(0.5,) * matches, none=0.5)


class SceneDetector:
    """Finds what the test put into the frame."""

    def __init__(self) -> None:
        self.quads: list[np.ndarray] = []
        self.calls = 0
        self.corrected: list[tuple[np.ndarray, np.ndarray]] = []
        self.knows = True

    def detect(self, _frame):
        self.calls += 1
        return tuple(Detection(quad=card_quad(quad), confidence=0.9) for quad in self.quads)

    def correct(self, found, better):
        self.corrected.append((found, better))
        return self.knows


class PixelRecognizer:
    """Recognises by the mean difference of pixels, either way up, on the distance scale of the real thing."""

    def __init__(self, cards=CARDS) -> None:
        self.cards = cards
        self.closed = False
        self.batches: list[int] = []

    def details(self, card_id):
        return CardDetails(name=card_id, set_code="demo", set_name="Demo", number="1")

    def original(self, card_id):
        return PrintReference(encoded=b"", borders_mm=None, name=card_id)

    def recognize(self, images):
        self.batches.append(len(images))
        return [self._one(image) for image in images]

    def close(self):
        self.closed = True

    def _one(self, image):
        matches = []
        for card_id, card in self.cards.items():
            differences = {
                rotation: float(np.abs(query[::8, ::8].astype(int) - card[::8, ::8]).mean()) / 100
                for rotation, query in ((0, image), (180, upside_down(image)))
            }
            rotation = min(differences, key=differences.get)
            matches.append(Match(card_id=card_id, distance=differences[rotation], rotation=rotation))
        matches.sort(key=lambda match: match.distance)
        return Recognition(
            matches=tuple(matches[:3]),
            embedding=np.zeros(2, np.float32),
            worth=worth_at(matches[0].distance),
            belief=belief_at(matches[0].distance, len(matches[:3])),
            timings_ms={"embed": 5.0, "search": 1.0, "verify": 0.0},
        )


class Pipeline:
    """The three stages, one after the other, with a clock that the test drives."""

    def __init__(self, measure=None) -> None:
        self.now_ns = -33 * MILLISECOND
        self.detector, self.recognizer = SceneDetector(), PixelRecognizer()
        feedback = Feedback()
        self.selector = Selector(SelectionSettings(), feedback)
        self.failures, self.corrections = SearchFailures(), Corrections()
        self.tracker = Tracker(TrackingSettings(hold_s=0.1))
        self.capture = CaptureStage(self.detector, self.tracker, self.selector, self.corrections, self.failures)
        self.recognition = RecognitionStage(self.recognizer)
        self.session = Session("bench")
        self.output = OutputStage(
            SmoothingSettings(), feedback, self._envelope, measure, clock=lambda: self.now_ns + 12 * MILLISECOND
        )
        self.frame_id = -1

    def _envelope(self, topic, frame):
        return self.session.envelope(topic, frame, ["it rains"])

    def show(self, image: np.ndarray, quads=(QUAD,), frames: int = 1, **of_frame):
        messages = []
        for _ in range(frames):
            crops, observed = self.look(image, quads, **of_frame)
            messages += observed + self.recognize(crops)
        return messages

    def look(self, image: np.ndarray, quads=(QUAD,), **of_frame):
        """The crops of the next frame, and what is told of its tracks before those are recognised."""
        self.frame_id += 1
        self.now_ns += 33 * MILLISECOND
        self.detector.quads = list(quads)
        frame = Frame(frame_id=self.frame_id, timestamp_ns=self.now_ns, image=image, **of_frame)
        observation, crops, _ = self.capture.process(frame)
        return crops, self.output.observe(observation)

    def recognize(self, crops):
        answers = self.recognition.process(crops) if crops else ()
        return [message for answer in answers for message in self.output.answer(answer)]


def topics(messages):
    return [message.topic for message in messages]


def test_a_card_appears_is_confirmed_and_leaves():
    pipeline = Pipeline()
    arriving = pipeline.show(picture(CARDS["demo-001"]), frames=6)
    assert topics(arriving) == [Topic.APPEARED, Topic.UPDATED, Topic.UPDATED, Topic.CONFIRMED]
    assert [m.state for m in arriving] == [
        TrackState.DETECTING,
        TrackState.STABILIZING,
        TrackState.STABILIZING,
        TrackState.CONFIRMED,
    ]
    leaving = pipeline.show(np.zeros((420, 480, 3), np.uint8), quads=(), frames=5)
    assert topics(leaving) == [Topic.LEFT]
    assert leaving[0].state is TrackState.NO_CARD
    assert leaving[0].card_id == "demo-001"


def test_the_confirmation_says_all_that_is_known():
    message = Pipeline().show(picture(CARDS["demo-001"]), frames=6)[-1]
    assert (message.card_id, message.card.name) == ("demo-001", "demo-001")
    assert message.distance < 0.1
    assert message.margin == pytest.approx(message.matches[1].distance - message.distance)
    assert message.matches[0].card_id == "demo-001"
    assert message.frames_to_decision == 2
    assert (message.frame_id, message.frame_timestamp_ns) == (4, 4 * 33 * MILLISECOND)
    assert message.degraded == ["it rains"]
    assert set(message.latencies_ms) == {
        "detect", "track", "select", "rectify", "embed", "search", "verify", "smooth", "centering", "total",
    }  # fmt: skip
    assert message.latencies_ms["total"] == 12.0
    assert message.latencies_ms["embed"] == 5.0


def test_sequence_numbers_count_the_messages_of_each_topic():
    messages = Pipeline().show(picture(CARDS["demo-001"]), frames=6)
    numbers = [(m.topic, m.sequence) for m in messages]
    assert numbers == [(Topic.APPEARED, 0), (Topic.UPDATED, 0), (Topic.UPDATED, 1), (Topic.CONFIRMED, 0)]


def test_a_resting_card_is_embedded_three_times_and_then_only_when_the_answer_ages():
    pipeline = Pipeline()
    messages = pipeline.show(picture(CARDS["demo-001"]), frames=70)
    assert sum(pipeline.recognizer.batches) == pipeline.recognition.embeddings == 5
    assert pipeline.selector.cache_hits == 70 - 2 - 5
    assert topics(messages)[4:] == [Topic.UPDATED, Topic.UPDATED]


def test_corners_start_at_the_cards_own_top_left_once_that_is_known():
    turned = picture(upside_down(CARDS["demo-002"]))
    messages = Pipeline().show(turned, frames=6)
    assert np.array(messages[0].corners) == pytest.approx(card_quad(QUAD))
    assert np.array(messages[-1].corners) == pytest.approx(rotated_half_turn(card_quad(QUAD)))


def test_a_card_swapped_in_place_is_confirmed_as_the_new_one():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), frames=10)
    messages = pipeline.show(picture(CARDS["demo-002"]), frames=6)
    confirmed = [m for m in messages if m.topic is Topic.CONFIRMED]
    assert [m.card_id for m in confirmed] == ["demo-002"]
    assert confirmed[0].frames_to_decision <= 4
    assert all(m.card_id == "demo-001" and m.matches[0].card_id == "demo-001" for m in messages[:2])


def test_a_card_outside_the_database_is_refused():
    pipeline = Pipeline()
    stranger = np.clip(CARDS["demo-001"].astype(int) * 0.5 + card_image(99) * 0.5, 0, 255).astype(np.uint8)
    distance = pipeline.recognizer.recognize([stranger])[0].matches[0].distance
    assert 0.4 < distance < 0.5
    messages = pipeline.show(picture(stranger), frames=8)
    assert topics(messages)[-1] is Topic.UNKNOWN
    assert (messages[-1].card_id, messages[-1].card) == (None, None)


def test_what_is_no_card_at_all_leaves_and_says_nothing_more():
    pipeline = Pipeline()
    messages = pipeline.show(picture(card_image(99)), frames=10)
    assert topics(messages)[-1] is Topic.LEFT
    assert pipeline.show(picture(card_image(99)), quads=(QUAD + 40,), frames=10) == []
    appeared = pipeline.show(picture(CARDS["demo-003"], QUAD + 40), quads=(QUAD + 40,), frames=8)
    assert topics(appeared)[:2] == [Topic.APPEARED, Topic.CONFIRMED]


def test_a_moving_card_is_updated_only_when_it_has_moved_visibly():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), frames=10)
    near, far = QUAD + [3.0, 0], QUAD + [40.0, 0]
    assert pipeline.show(picture(CARDS["demo-001"], near), quads=(near,)) == []
    moved = pipeline.show(picture(CARDS["demo-001"], far), quads=(far,))
    assert topics(moved)[0] is Topic.UPDATED
    assert np.array(moved[0].corners) == pytest.approx(card_quad(far))


def test_several_cards_share_a_batch():
    pipeline = Pipeline()
    other = QUAD * 0.6 + [260, 150]
    frame = np.maximum(picture(CARDS["demo-001"], QUAD * 0.6), picture(CARDS["demo-002"], other))
    messages = pipeline.show(frame, quads=(QUAD * 0.6, other), frames=6)
    assert pipeline.recognizer.batches == [2, 2, 2]
    assert {m.card_id for m in messages if m.topic is Topic.CONFIRMED} == {"demo-001", "demo-002"}


def test_a_detector_that_fails_loses_neither_the_source_nor_the_tracks():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), frames=6)
    works = pipeline.detector.detect
    pipeline.detector.detect = lambda _: 1 // 0
    messages = pipeline.show(picture(CARDS["demo-001"]), frames=30)
    pipeline.detector.detect = works
    messages += pipeline.show(picture(CARDS["demo-001"]), frames=6)
    assert Topic.LEFT not in topics(messages)
    assert {message.track_id for message in messages} <= {0}
    assert pipeline.output.tracks == 1
    (sentence,) = pipeline.failures.degraded()
    assert sentence.startswith("the search for cards has failed 30 times: ")


def test_after_a_break_nothing_is_there_until_a_search_has_found_it():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), frames=6)
    pipeline.detector.detect = lambda _: 1 // 0
    assert topics(pipeline.show(picture(STRANGER), frames=3, stretch=1)) == [Topic.LEFT]


def test_a_confirmed_card_is_measured_in_every_sharp_frame_that_is_answered():
    measured = []

    def measure(image, quad, reference):
        assert reference.name == "demo-001"
        measured.append(quad)
        return centering_of(3.0 + 0.02 * (len(measured) % 2), std_mm=0.06)

    pipeline = Pipeline(measure)
    messages = pipeline.show(picture(upside_down(CARDS["demo-001"])), frames=170)
    assert messages[0].centering is None
    assert len(measured) >= 4
    for quad in measured:
        assert quad == pytest.approx(rotated_half_turn(card_quad(QUAD)))
    assert messages[-1].centering.measurable
    assert messages[-1].centering.frames > 1


def test_measuring_nearly_ends_when_more_frames_would_not_help():
    calls = []

    def measure(image, quad, reference):
        calls.append(quad)
        return centering_of(3.0, std_mm=0.03)

    pipeline = Pipeline(measure)
    pipeline.show(picture(CARDS["demo-001"]), frames=31 * (MAX_FRAMES + 6))
    assert MAX_FRAMES < len(calls) <= MAX_FRAMES + 2


def test_a_card_that_lies_there_keeps_no_frame():
    """A frame of the appliance takes 7 MB, and a bench holds many cards."""
    pipeline, shown = Pipeline(measure=lambda *_: centering_of(3.0, 0.1)), []
    for _ in range(30):
        image = picture(CARDS["demo-001"])
        shown.append(weakref.ref(image))
        pipeline.show(image)
    del image
    gc.collect()
    assert [number for number, reference in enumerate(shown) if reference() is not None] == []


def test_cards_that_are_left_at_the_end_of_the_source_leave():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), frames=6)
    assert topics(pipeline.output.finish()) == [Topic.LEFT]
    assert pipeline.output.finish() == []


def test_an_answer_that_comes_too_late_changes_nothing():
    pipeline = Pipeline()
    for _ in range(3):
        pipeline.frame_id += 1
        pipeline.detector.quads = [QUAD]
        frame = Frame(frame_id=pipeline.frame_id, timestamp_ns=0, image=picture(CARDS["demo-001"]))
        _, crops, _ = pipeline.capture.process(frame)
    (answer,) = pipeline.recognition.process(crops)
    assert pipeline.output.answer(answer) == []
    assert pipeline.output.tracks == 0


def test_another_database_is_used_from_the_next_batch_on():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), frames=6)
    replacement = PixelRecognizer({"other-1": CARDS["demo-001"], "other-2": CARDS["demo-002"]})
    pipeline.recognition.swap(replacement)
    assert pipeline.recognizer.closed
    messages = pipeline.show(picture(CARDS["demo-001"]), frames=40)
    assert [m.card_id for m in messages if m.topic is Topic.CONFIRMED] == ["other-1"]
    assert topics(messages).count(Topic.LEFT) == 0


STRANGER = np.clip(CARDS["demo-001"].astype(int) * 0.5 + card_image(99) * 0.5, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("what", ["photo", "interruption", "gap"])
def test_what_was_seen_before_a_break_is_never_told_of_what_comes_after(what):
    pipeline = Pipeline()
    before = pipeline.show(picture(CARDS["demo-001"]), frames=6)
    assert before[-1].topic is Topic.CONFIRMED
    if what == "interruption":
        pipeline.capture.interrupt()
    pipeline.now_ns += 200 * MILLISECOND if what == "gap" else 0
    after = pipeline.show(picture(STRANGER), frames=8, stretch=int(what == "photo"))
    assert topics(after)[:2] == [Topic.LEFT, Topic.APPEARED]
    assert topics(after)[-1] is Topic.UNKNOWN
    assert {message.card_id for message in after[1:]} == {None}
    assert {message.track_id for message in after[1:]} == {1}


def test_a_slow_camera_is_no_series_of_breaks():
    pipeline = Pipeline()
    for _ in range(9):
        pipeline.now_ns += 2000 * MILLISECOND
        messages = pipeline.show(picture(CARDS["demo-001"]))
    assert pipeline.output.tracks == 1
    assert messages == []


def test_crops_of_before_a_break_answer_nothing_after_it():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), frames=2)
    crops, _ = pipeline.look(picture(CARDS["demo-001"]))
    pipeline.capture.interrupt()
    pipeline.show(picture(STRANGER), frames=3)
    assert len(crops) == 1
    assert pipeline.recognize(crops) == []
    assert pipeline.output.lateness.count == 1


def test_an_answer_is_of_use_however_late_while_the_card_lies_there():
    pipeline = Pipeline()
    messages = pipeline.show(picture(CARDS["demo-001"]), frames=2)
    for _ in range(3):
        crops, _ = pipeline.look(picture(CARDS["demo-001"]))
        for _ in range(100):
            pipeline.look(picture(CARDS["demo-001"]))
        messages = pipeline.recognize(crops)
    assert topics(messages) == [Topic.CONFIRMED]
    assert pipeline.output.lateness.count == 0


def swap_while_seen(pipeline: Pipeline) -> None:
    for _ in range(20):
        pipeline.look(picture(CARDS["demo-002"]))


def swap_under_a_hand(pipeline: Pipeline) -> None:
    pipeline.tracker.settings = TrackingSettings(hold_s=1.0)
    for _ in range(10):
        pipeline.look(np.zeros((420, 480, 3), np.uint8), quads=())
    pipeline.look(picture(CARDS["demo-002"]))


@pytest.mark.parametrize("swap", [swap_while_seen, swap_under_a_hand])
def test_a_late_answer_is_dropped_where_the_track_shows_something_else_since(swap):
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), frames=4)
    crops, _ = pipeline.look(picture(CARDS["demo-001"]))
    swap(pipeline)
    assert pipeline.output.tracks == 1
    assert pipeline.recognize(crops) == []
    assert pipeline.output.lateness.count == 1


def test_it_is_said_when_every_answer_comes_too_late():
    pipeline = Pipeline()
    for _ in range(5):
        assert pipeline.output.lateness.degraded() == ()
        pipeline.show(np.zeros((420, 480, 3), np.uint8), quads=(), frames=6)
        for _ in range(3):
            crops, _ = pipeline.look(picture(CARDS["demo-001"]))
        pipeline.show(np.zeros((420, 480, 3), np.uint8), quads=(), frames=6)
        pipeline.recognize(crops)
    assert "recognition is too slow: its newest 5 answers" in pipeline.output.lateness.degraded()[0]
    pipeline.show(picture(CARDS["demo-001"]), frames=4)
    assert pipeline.output.lateness.degraded() == ()


EMPTY = np.zeros((420, 480, 3), np.uint8)


class TwoCopies:
    """Measures the copy that lies there: the border of the picture that the test says is shown."""

    def __init__(self) -> None:
        self.border_mm = 3.0

    def __call__(self, *_):
        return centering_of(self.border_mm, std_mm=0.03, left_mm=2 * 3.0 - self.border_mm)


def left_share(message) -> float:
    return message.centering.left_right[0]


@pytest.mark.parametrize("hidden_frames", [0, 10])
@pytest.mark.parametrize("measured_for", [40, 900])
def test_a_second_copy_in_the_same_place_gets_its_own_centering(hidden_frames, measured_for):
    measure = TwoCopies()
    pipeline = Pipeline(measure)
    pipeline.tracker.settings = TrackingSettings(hold_s=1.0)
    first = pipeline.show(picture(CARDS["demo-001"]), frames=measured_for)[-1]
    assert left_share(first) == pytest.approx(50.0, abs=0.1)
    pipeline.show(EMPTY, quads=(), frames=hidden_frames)
    measure.border_mm = 3.6
    second = pipeline.show(picture(CARDS["demo-001"]), frames=300)
    assert second[-1].track_id == first.track_id
    assert second[-1].centering.frames < 16
    assert left_share(second[-1]) == pytest.approx(100 * 2.4 / 6.0, abs=0.1)
    noticed = pipeline.frame_id - (300 if hidden_frames else 300 - 31 * CHECK_EVERY)
    told = [left_share(m) for m in second if m.centering is not None and m.frame_id > noticed]
    assert all(share == pytest.approx(40.0, abs=0.1) for share in told)
    if hidden_frames:
        assert (second[0].topic, second[0].centering, second[0].frames_to_decision) == (Topic.UPDATED, None, None)


def test_a_card_that_is_given_up_keeps_no_measurement():
    pipeline = Pipeline(TwoCopies())
    pipeline.show(picture(CARDS["demo-001"]), frames=40)
    messages = pipeline.show(picture(STRANGER), frames=60)
    (unknown,) = [message for message in messages if message.topic is Topic.UNKNOWN]
    assert unknown.centering is None
    assert messages[messages.index(unknown) - 1].card_id == "demo-001"
    stabilizing = [message for message in messages if message.state is TrackState.STABILIZING]
    assert all(message.centering is message.frames_to_decision is None for message in stabilizing)


def test_a_card_that_comes_back_to_its_place_is_told_as_returned():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), frames=6)
    for earlier in range(2):
        assert topics(pipeline.show(EMPTY, quads=(), frames=6)) == [Topic.LEFT]
        again = pipeline.show(picture(CARDS["demo-001"]), frames=6)
        assert [m.returned for m in again] == [None, None, None, earlier]
        assert (again[-1].topic, again[-1].track_id) == (Topic.CONFIRMED, earlier + 1)


def test_a_card_of_another_id_another_place_or_after_a_break_has_not_returned():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), frames=6)
    aside = QUAD + [90.0, 0]
    for card_id, quad in (("demo-002", QUAD), ("demo-001", aside), ("demo-001", QUAD), ("demo-002", aside)):
        pipeline.show(EMPTY, quads=(), frames=6)
        confirmed = pipeline.show(picture(CARDS[card_id], quad), quads=(quad,), frames=6)[-1]
        assert (confirmed.topic, confirmed.card_id, confirmed.returned) == (Topic.CONFIRMED, card_id, None)
    pipeline.show(EMPTY, quads=(), frames=6)
    pipeline.capture.interrupt()
    confirmed = pipeline.show(picture(CARDS["demo-002"], aside), quads=(aside,), frames=6)[-1]
    assert (confirmed.topic, confirmed.returned) == (Topic.CONFIRMED, None)


HOLDER, WINDOW = grown_quad(QUAD, 1.8), grown_quad(QUAD, -3.0)


def correction(frame_id: int, found=HOLDER, better=QUAD) -> Correction:
    return Correction(track_id=0, frame_id=frame_id, found=card_quad(found), better=card_quad(better))


def test_a_track_whose_outline_is_corrected_stays_the_same_and_is_told_with_its_new_corners():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), quads=(HOLDER,), frames=4)
    (since,) = pipeline.selector.shown_since.values()
    pipeline.corrections.put(correction(pipeline.frame_id))
    messages = pipeline.show(picture(CARDS["demo-001"]), frames=8)
    assert topics(messages)[0] is Topic.UPDATED
    assert topics(messages)[-1] is Topic.CONFIRMED
    assert {message.track_id for message in messages} == {0}
    assert np.array(messages[0].corners) == pytest.approx(card_quad(QUAD))
    assert pipeline.selector.shown_since == {0: since}
    assert messages[-1].frames_to_decision is not None
    assert np.abs(pipeline.tracker.update((), 99, 0)[0].velocity).max() < 0.5


def test_a_correction_follows_a_card_that_has_moved_since():
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), quads=(HOLDER,), frames=4)
    looked = pipeline.frame_id
    moved = (4.0, -3.0)
    pipeline.show(picture(CARDS["demo-001"], QUAD + moved), quads=(HOLDER + moved,), frames=2)
    pipeline.corrections.put(correction(looked))
    pipeline.look(picture(CARDS["demo-001"], QUAD + moved), quads=(QUAD + moved,))
    ((found, better),) = pipeline.detector.corrected
    assert found == pytest.approx(card_quad(HOLDER + moved))
    assert better == pytest.approx(card_quad(QUAD + moved), abs=0.01)


@pytest.mark.parametrize("what", ["not known to the detector", "ended", "another card"])
def test_a_correction_of_what_is_no_longer_there_changes_nothing(what):
    pipeline = Pipeline()
    pipeline.show(picture(CARDS["demo-001"]), quads=(HOLDER,), frames=4)
    late = correction(pipeline.frame_id)
    if what == "another card":
        pipeline.show(picture(CARDS["demo-002"]), quads=(HOLDER,), frames=5)
    pipeline.detector.knows = what != "not known to the detector"
    pipeline.corrections.put(late)
    messages = pipeline.show(picture(CARDS["demo-002"]), quads=(HOLDER,), frames=4, stretch=int(what == "ended"))
    assert len(pipeline.detector.corrected) == (0 if pipeline.detector.knows else 1)
    assert all(np.array(message.corners) == pytest.approx(card_quad(HOLDER)) for message in messages)


def test_what_lies_inside_a_confirmed_card_is_no_card_of_its_own():
    pipeline = Pipeline()
    messages = pipeline.show(picture(CARDS["demo-001"]), quads=(QUAD, WINDOW), frames=60)
    (confirmed,) = [message.track_id for message in messages if message.topic is Topic.CONFIRMED]
    (left,) = [message.track_id for message in messages if message.topic is Topic.LEFT]
    assert (confirmed, left) == (0, 1)
    embedded = pipeline.recognition.embeddings
    told = pipeline.show(picture(CARDS["demo-001"]), quads=(QUAD, WINDOW), frames=60)
    assert {message.track_id for message in told} == {confirmed}
    assert pipeline.recognition.embeddings - embedded < 8
    gone = pipeline.show(picture(CARDS["demo-001"]), quads=(WINDOW,), frames=150)
    assert [m.topic for m in gone if m.track_id == confirmed] == [Topic.LEFT]
    assert Topic.APPEARED in [m.topic for m in gone if m.track_id == left]
