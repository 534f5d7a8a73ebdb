import cv2
import numpy as np
import pytest

from edge.frame import Frame
from edge.geometry import card_homography
from edge.pipeline.selection import Crop, Demand, Feedback, Selector, TrackFeedback, laplacian_variance
from edge.pipeline.tracking import Track
from edge.settings.sections import SelectionSettings

SETTINGS = SelectionSettings(sharpness=100.0, cache_age_frames=30, best_of_frames=5)
QUAD = np.array([[100.0, 80], [289, 80], [289, 344], [100, 344]])
SHIFTED = QUAD + [70.0, 0]


def card_image(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (22, 16, 3), dtype=np.uint8)
    return cv2.resize(noise, (252, 352), interpolation=cv2.INTER_NEAREST)


def image(seed: int = 1, blur_px: float = 0.0, quad: np.ndarray = QUAD) -> np.ndarray:
    card = card_image(seed)
    matrix = np.linalg.inv(card_homography(quad, card.shape[1], card.shape[0]))
    picture = cv2.warpPerspective(card, matrix, (480, 420))
    return cv2.GaussianBlur(picture, (0, 0), blur_px) if blur_px else picture


SHARP, BLURRED, VERY_BLURRED = image(), image(blur_px=9.0), image(blur_px=15.0)
SWAPPED = image(seed=2)


def track(quad: np.ndarray = QUAD, missed_frames: int = 0, shown_since: int = 0) -> Track:
    return Track(
        track_id=7, quad=quad, velocity=np.zeros(2), confidence=1.0, frame_id=0, hits=9, seen_ns=0,
        missed_frames=missed_frames, shown_since=shown_since,
    )  # fmt: skip


class Bench:
    """A selector with one track, fed frame by frame."""

    def __init__(self, *, stills: bool = False) -> None:
        self.feedback = Feedback()
        self.selector = Selector(SETTINGS, self.feedback, stills=stills)
        self.frame_id = -1

    def show(self, picture: np.ndarray, card: Track | None = None) -> Crop | None:
        self.frame_id += 1
        frame = Frame(frame_id=self.frame_id, timestamp_ns=0, image=picture)
        crops = self.selector.select(frame, [card or track()])
        assert len(crops) <= 1
        return crops[0] if crops else None

    def answer(self, crop: Crop, demand: Demand) -> None:
        newest = TrackFeedback(
            demand=demand, frame_id=crop.frame.frame_id, quad=crop.quad, fingerprint=crop.fingerprint
        )
        self.feedback.put(7, newest)

    def decided(self) -> "Bench":
        self.answer(self.show(SHARP), Demand.CHECK)
        return self


def test_every_sharp_frame_is_asked_about_until_the_track_is_decided():
    bench = Bench()
    crops = [bench.show(SHARP) for _ in range(4)]
    assert [crop.frame.frame_id for crop in crops] == [0, 1, 2, 3]
    assert {crop.first_frame_id for crop in crops} == {0}
    bench.answer(crops[-1], Demand.SHARP)
    assert bench.show(SHARP) is not None


def test_a_card_that_never_gets_sharp_is_answered_by_the_best_of_five_frames():
    bench = Bench()
    pictures = [VERY_BLURRED, VERY_BLURRED, BLURRED, VERY_BLURRED, VERY_BLURRED]
    crops = [bench.show(picture) for picture in 3 * pictures]
    asked = [number for number, crop in enumerate(crops) if crop]
    assert asked == [4, 9, 14]
    assert [crops[number].frame.frame_id for number in asked] == [2, 7, 12]
    assert not crops[4].sharp


def test_nobody_waits_for_a_sharper_frame_of_a_photo():
    bench = Bench(stills=True)
    crops = [bench.show(BLURRED) for _ in range(3)]
    assert [crop.frame.frame_id for crop in crops] == [0, 1, 2]
    assert not any(crop.sharp for crop in crops)
    bench.answer(crops[-1], Demand.BEST)
    assert bench.show(BLURRED) is not None


def test_a_sharp_frame_ends_the_wait_for_one():
    bench = Bench()
    crops = [bench.show(picture) for picture in (BLURRED, BLURRED, SHARP)]
    assert crops[:2] == [None, None]
    assert crops[2].sharp
    assert crops[2].first_frame_id == 2


def test_what_waits_when_the_source_ends_is_not_lost():
    bench = Bench()
    bench.show(BLURRED)
    assert [crop.frame.frame_id for crop in bench.selector.remaining()] == [0]
    bench.show(SHARP)
    assert bench.selector.remaining() == ()


def test_a_decided_card_that_rests_is_answered_from_the_cache_until_the_answer_has_aged():
    bench = Bench().decided()
    crops = [bench.show(SHARP) for _ in range(31)]
    assert crops[:30] == [None] * 30
    assert crops[30] is not None
    assert bench.selector.cache_hits == 30


def test_a_decided_card_is_asked_about_again_when_it_has_moved():
    bench = Bench().decided()
    assert bench.show(image(quad=SHIFTED), track(SHIFTED)) is not None


def test_a_card_swapped_in_place_is_noticed():
    bench = Bench().decided()
    assert bench.show(SWAPPED) is not None


def test_a_decided_card_that_was_hidden_is_asked_about_again():
    bench = Bench().decided()
    assert bench.show(SHARP) is None
    assert bench.show(SHARP, track(shown_since=2)) is not None
    assert bench.selector.shown_since == {7: 2}


def test_what_a_track_shows_has_changed_once_it_looks_different_for_some_frames():
    bench = Bench()
    for picture in (SHARP, SWAPPED, SHARP, SWAPPED, SWAPPED, image(seed=3), SHARP):
        bench.show(picture)
        assert bench.selector.shown_since == {7: 0}
    since = [bench.show(SWAPPED) and bench.selector.shown_since[7] for _ in range(5)]
    assert since == [0, 0, 7, 7, 7]


@pytest.mark.parametrize("noise", [2.0, 8.0])
def test_sensor_noise_and_a_little_jitter_are_not_a_change(noise):
    bench = Bench().decided()
    rng = np.random.default_rng(3)
    for _ in range(20):
        noisy = np.clip(SHARP + rng.normal(0, noise, SHARP.shape), 0, 255).astype(np.uint8)
        assert bench.show(noisy, track(QUAD + rng.normal(0, 0.7, (4, 2)))) is None


def test_a_check_under_way_is_not_repeated_unless_its_answer_stays_away():
    bench = Bench().decided()
    crops = [bench.show(SWAPPED) for _ in range(8)]
    assert [number for number, crop in enumerate(crops) if crop] == [0, 6]


def test_a_candidate_is_asked_about_in_the_best_of_several_frames():
    bench = Bench()
    bench.answer(bench.show(SHARP), Demand.BEST)
    crops = [bench.show(picture) for picture in (BLURRED, SHARP, BLURRED, BLURRED, BLURRED)]
    assert crops[:4] == [None] * 4
    assert crops[4].frame.frame_id == 2


def test_a_hidden_card_is_not_asked_about():
    assert Bench().show(SHARP, track(missed_frames=1)) is None


def test_a_track_that_has_ended_is_forgotten():
    bench = Bench().decided()
    bench.feedback.discard([7, 8])
    assert bench.feedback.get(7) is None
    bench.show(BLURRED)
    bench.selector.select(Frame(frame_id=9, timestamp_ns=0, image=SHARP), [])
    assert bench.selector.remaining() == ()


def test_the_frames_image_is_shared_not_copied():
    crop = Bench().show(SHARP)
    assert crop.frame.image is SHARP


def test_laplacian_variance_of_a_checkerboard():
    board = np.indices((40, 40)).sum(axis=0) % 2 * 10
    # The kernel [[0,1,0],[1,-4,1],[0,1,0]] answers a checkerboard of 0 and 10 with +40 and -40 everywhere.
    assert laplacian_variance(board.astype(np.uint8)) == pytest.approx(1600)
