"""A second look at cards that are not recognised: in a holder, by its art window, they were outlined wrongly.

Finding other outlines takes many times as long as an answer. So it is done in a thread of its own, for one card at a
time, once it lies still, and once while it lies there; recognised cards cost nothing. The outlines that are found go
through recognition as one batch.
"""

from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from edge.detection import CardDetector, SearchFailures
from edge.geometry import Image, Quad, of_one_place, quad_iou, side_lengths
from edge.health import Stopwatch
from edge.pipeline.answers import Answer
from edge.pipeline.handover import Correction, Corrections
from edge.pipeline.selection import Crop
from edge.pipeline.stages import RecognitionStage
from edge.pipeline.tracking import same_start
from edge.recognition.outlines import Sighting, better_outline

# physics: a card lies still where its centre has moved by less than this share of its width from one answer to the
# next, and elsewhere where it has moved by more than that one since it was looked at.
STILL = 0.05
ELSEWHERE = 0.5
# physics: most outlines of one place that are recognised, as one batch.
MOST_OUTLINES = 8
# geometry: two outlines are of one card in one place where they overlap by more.
_NEIGHBOUR_IOU = 0.5
# physics: tracks of some 100 bytes whose look is remembered.
_REMEMBERED = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Doubt:
    """Where a card was when it was not recognised, since when it was shown, and whether it was looked at again."""

    quad: Quad
    shown_since: int
    looked: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """A look under way."""

    answer: Answer
    result: Future[tuple[list[Quad], float]]


class SecondLooks:
    """Looks again at the cards that answers leave undecided. Owns one thread; used by one thread at a time."""

    def __init__(
        self,
        detector: CardDetector,
        stage: RecognitionStage,
        corrections: Corrections,
        failures: SearchFailures | None = None,
        *,
        waits: bool = False,
    ) -> None:
        """Put the parts together.

        Args:
            detector: finds other outlines of a place.
            stage: recognises them.
            corrections: takes the better ones back to the tracks.
            failures: is told of looks that fail.
            waits: the frames are a recording's or photos, which wait: every card that is undecided is looked at, and
                waited for.
        """
        self._detector = detector
        self._stage = stage
        self._corrections = corrections
        self._failures = failures or SearchFailures()
        self._waits = waits
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="second look")
        self._doubts: OrderedDict[int, _Doubt] = OrderedDict()
        self._look: _Look | None = None

    def after(self, answers: Sequence[Answer]) -> tuple[Answer, ...]:
        """Take in the newest answers; at times a look begins.

        Args:
            answers: of one batch; none where nothing was recognised.

        Returns:
            Answers for better outlines of cards, as far as looks have found any.
        """
        due = [answer for answer in answers if self._is_due(answer)]
        if not self._waits:
            return self._alongside(answers, due[:1])
        return tuple(better for answer in due for better in self._finished(self._begun(answer)))

    def close(self) -> None:
        """End the thread. Safe to call twice."""
        self._executor.shutdown(cancel_futures=True)

    def _alongside(self, answers: Sequence[Answer], due: Sequence[Answer]) -> tuple[Answer, ...]:
        """Go on with the look under way, or begin one, and wait for none."""
        better: tuple[Answer, ...] = ()
        if self._look is not None and self._is_pointless(self._look.answer.crop, answers):
            self._look.result.cancel()
            self._look = None
        elif self._look is not None and self._look.result.done():
            look, self._look = self._look, None
            better = self._finished(look)
        if self._look is None:
            self._look = next((self._begun(answer) for answer in due), None)
        return better

    def _is_due(self, answer: Answer) -> bool:
        """Whether a card that was not recognised lies still, and was not looked at again since it lies there."""
        crop = answer.crop
        if answer.recognition.sure:
            return False
        doubt = self._doubts.get(crop.track_id)
        if doubt is None or doubt.shown_since != crop.shown_since:
            self._remember(crop, looked=False)
            return False
        moved = _moved(doubt.quad, crop.quad)
        if doubt.looked and moved < ELSEWHERE:
            return False
        self._remember(crop, looked=False)
        return moved < STILL

    def _is_pointless(self, crop: Crop, answers: Sequence[Answer]) -> bool:
        """Whether the card that is looked at was recognised meanwhile."""
        return any(answer.crop.track_id == crop.track_id and answer.recognition.sure for answer in answers)

    def _remember(self, crop: Crop, *, looked: bool) -> None:
        self._doubts[crop.track_id] = _Doubt(quad=crop.quad, shown_since=crop.shown_since, looked=looked)
        self._doubts.move_to_end(crop.track_id)
        if len(self._doubts) > _REMEMBERED:
            self._doubts.popitem(last=False)

    def _begun(self, answer: Answer) -> _Look:
        crop = answer.crop
        self._remember(crop, looked=True)
        result = self._executor.submit(_others, self._detector, crop.frame.image, crop.quad)
        return _Look(answer=answer, result=result)

    def _finished(self, look: _Look) -> tuple[Answer, ...]:
        """The answer for the better outline that a look has found, if there is one; the track is told."""
        looked = self._failures.outcome(look.result)
        return () if looked is None else self._better(look.answer, *looked)

    def _better(self, answer: Answer, others: Sequence[Quad], looked_ms: float) -> tuple[Answer, ...]:
        crop = answer.crop
        quads = [same_start(quad, crop.quad) for quad in others if _is_of(quad, crop)][:MOST_OUTLINES]
        if not quads:
            return ()
        answers = self._stage.process([replace(crop, quad=quad) for quad in quads])
        by_sighting = {_sighting(each): each for each in answers}
        best = by_sighting.get(better_outline(_sighting(answer), by_sighting))
        if best is None:
            return ()
        self._corrections.put(
            Correction(track_id=crop.track_id, frame_id=crop.frame.frame_id, found=crop.quad, better=best.crop.quad)
        )
        return (replace(best, latencies_ms=best.latencies_ms | {"second_look": looked_ms}),)


def _others(detector: CardDetector, image: Image, quad: Quad) -> tuple[list[Quad], float]:
    """Other outlines of a place, and how long finding them took, in ms."""
    watch = Stopwatch()
    with watch.time("second_look"):
        others = detector.others(image, quad)
    return others, watch.latencies_ms["second_look"]


def _is_of(quad: Quad, crop: Crop) -> bool:
    """Whether an outline may be that of a crop's card, and is not a neighbour's."""
    return of_one_place(quad, crop.quad) and not any(quad_iou(quad, each) > _NEIGHBOUR_IOU for each in crop.neighbours)


def _sighting(answer: Answer) -> Sighting:
    return Sighting(quad=answer.crop.quad, recognition=answer.recognition)


def _moved(first: Quad, second: Quad) -> float:
    """How far the centres of two outlines are apart, as a share of the first one's width."""
    distance = np.linalg.norm(second.mean(axis=0) - first.mean(axis=0))
    return float(distance / side_lengths(first).min())
