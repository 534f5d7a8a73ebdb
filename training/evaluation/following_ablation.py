"""Following the cards of a camera's frames, as it is and with each of its choices changed, all on the same frames."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.detection import CardDetector, Following
from edge.detection.following.following import Attention
from edge.frame import Frame
from edge.geometry import Quad, bounding_box, side_lengths
from edge.pipeline.tracking import Tracker
from edge.settings.sections import TrackingSettings
from edge.simulator.bench import Bench
from training.evaluation.ablation_tally import Outcome, Tally, same_outlines
from training.evaluation.choices import Choice, changed, current
from training.evaluation.detection_choices import NETWORK_OPENERS, REDUCTIONS
from training.evaluation.following_choices import EXECUTOR
from training.evaluation.outline_scenes import MIN_VISIBLE, OutlineScene, shown
from training.evaluation.remembering import Memory

SIZE_PX, FPS = 760, 30.0
FIRST_FRAME = 30
# A search takes about two frames of a camera on a Raspberry Pi (`tests/hardware/stage_times.py`).
ASKED_BEFORE_DONE = 2
# What a sensor's boxes are off, of a card's width.
_BOX_ERROR = 0.03


class LateExecutor:
    """In place of a thread: searches at once, and answers when it has been asked a few times."""

    def __init__(self, max_workers: int, thread_name_prefix: str) -> None:
        """Start; with the arguments of `ThreadPoolExecutor`, which are of no account."""
        del max_workers, thread_name_prefix

    def submit(self, search: Callable[..., Any], *arguments: Any) -> "LateResult":  # noqa: ANN401 (any search)
        """Search."""
        return LateResult(search(*arguments))

    def shutdown(self, *, cancel_futures: bool) -> None:
        """Nothing runs."""


class LateResult:
    """A result that is done when it has been asked for a few times."""

    def __init__(self, value: Any) -> None:  # noqa: ANN401 (of any search)
        """Hold back `value`."""
        self._value = value
        self._asked = 0

    def done(self) -> bool:
        """Whether it was asked often enough."""
        self._asked += 1
        return self._asked >= ASKED_BEFORE_DONE

    def exception(self) -> None:
        """None: a search that fails ends the measurement at once."""

    def result(self) -> Any:  # noqa: ANN401 (of any search)
        """What was found."""
        return self._value


class FollowingAblation:
    """Follows the cards of frames, as it is done and with each change of some choices."""

    def __init__(self, choices: Sequence[Choice], attention: Callable[[], Attention]) -> None:
        """Start before the first frame; `attention` says where to search."""
        self._memory = Memory()
        with changed(dict.fromkeys(NETWORK_OPENERS, self._memory.open_network)):
            detector = CardDetector()
        self._reductions = {place: self._memory.remembering(current(place)) for place in REDUCTIONS}
        self._changes = {(choice.name, how): change for choice in choices for how, change in choice.changes.items()}
        with changed({EXECUTOR: LateExecutor}):
            self._as_it_is = _Follower(detector, attention())
            self._others = {key: _Follower(detector, attention()) for key in self._changes}

    @property
    def outcome(self) -> Outcome:
        """What was seen so far."""
        return self._as_it_is.tally, {key: follower.tally for key, follower in self._others.items()}

    def look(self, frame: Frame, scene: OutlineScene) -> None:
        """Follow into the next frame."""
        with changed(self._reductions):
            usual = self._as_it_is.look(frame, scene)
            for key, change in self._changes.items():
                with changed(change):
                    quads = self._others[key].look(frame, scene)
                self._others[key].tally.differing += not same_outlines(usual, quads)
        self._memory.forget()


class _Follower:
    """One following, and the tracks of what it sees."""

    def __init__(self, detector: CardDetector, attention: Attention) -> None:
        self.tally = Tally()
        self._following = Following(detector, attention)
        self._tracker = Tracker(TrackingSettings())

    def look(self, frame: Frame, scene: OutlineScene) -> list[Quad]:
        """The outlines in the next frame."""
        detections = self._following.detect(frame)
        tracks = self._tracker.update(detections, frame.frame_id, frame.scene_ns)
        self.tally.tracks |= {track.track_id for track in tracks}
        quads = [detection.quad for detection in detections]
        self.tally.add_scene(quads, scene)
        return quads


def bench_frames(count: int, seed: int = 0) -> Iterator[tuple[Frame, OutlineScene]]:
    """Frames of the simulated bench with boxes as a sensor has them, and what is to be seen in each."""
    bench, rng = Bench(seed=seed, size=(SIZE_PX, SIZE_PX), fps=FPS), np.random.default_rng(seed)
    for number in range(FIRST_FRAME, FIRST_FRAME + count):
        image, truth = bench.frame(number)
        seen = [card.quad for card in truth.cards if card.visible_fraction >= MIN_VISIBLE]
        boxes = np.array([_box(quad, rng) for quad in seen]).reshape(-1, 4)
        frame = Frame(frame_id=number, timestamp_ns=round(1e9 * number / FPS), image=image, boxes=boxes)
        yield frame, shown(image, (0, 0, SIZE_PX, SIZE_PX), seen, [card.quad for card in truth.cards])


def _box(quad: Quad, rng: np.random.Generator) -> NDArray[np.float64]:
    return bounding_box(quad) + _BOX_ERROR * float(side_lengths(quad).min()) * rng.uniform(-1, 1, 4)
