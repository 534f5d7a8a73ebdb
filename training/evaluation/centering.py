"""How accurate the centering measurement is: simulated cards of known border, against what people use today.

Every card is measured from an outline that is wrong by a few tenths of a millimetre, as a detector's is. The truth is
the simulator's; only this module compares it with the answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from time import process_time

import cv2
import numpy as np

from edge.centering import PrintReference, measure
from edge.centering.edges.strips import SIDES, Side
from edge.centering.registration.original import print_reference
from edge.centering.result import Centering
from edge.geometry import CARD_WIDTH_MM, Image, Quad
from edge.imaging.rectification import RECTIFIED_HEIGHT, RECTIFIED_PX_PER_MM, RECTIFIED_WIDTH
from edge.simulator.card import print_edges_mm, render_card
from edge.simulator.conditions import CLEAN, Conditions
from edge.simulator.scene import random_scene, render_scene
from edge.simulator.sets import CardSpec, unknown_cards
from edge.simulator.truth import CardTruth
from training.data.gallery import square_corners
from training.evaluation.centering_baselines import BASELINES

FIRST_SEED = 3_000_000
OUTLINE_ERROR = 0.006
METHOD = "card-scanner"
REFERENCED = "card-scanner, card identified"
METHODS = (METHOD, REFERENCED, *BASELINES)

_STILL = replace(CLEAN, px_per_mm=(9.5, 13.5), print_offset_mm=1.5, upright=1.0)
CONDITIONS: Mapping[str, tuple[Conditions, int]] = {
    "clean, 15 px/mm": (replace(_STILL, px_per_mm=(11.7, 11.7)), 1950),
    "8 to 25 px/mm": (replace(_STILL, px_per_mm=(4.9, 15.0)), 2500),
    "tilt 10 to 30 degrees": (replace(_STILL, card_tilt_deg=(10.0, 30.0)), 1950),
    "noise and blur": (replace(_STILL, defocus_px=(0.9, 2.0), read_noise=(2.5, 6.0), jpeg=0.5), 1950),
    "camera's sharpening": (replace(_STILL, sharpening=(0.3, 0.8), jpeg=0.5), 1950),
    "sleeve and glare": (replace(_STILL, sleeve=1.0, glare=0.6, glare_strength=(0.2, 0.9)), 1950),
    "foil": (replace(_STILL, foil=1.0, glare=0.3), 1950),
    "card like the bench": (replace(_STILL, low_contrast=1.0), 1950),
    "partly covered": (replace(_STILL, small_covers=0.5, finger=0.5), 1950),
    "borderless cards": (replace(_STILL, sleeve=0.3, glare=0.3, glare_strength=(0.2, 0.9), finger=0.2), 1950),
}
BORDERLESS = "borderless cards"


@dataclass(frozen=True, slots=True, kw_only=True)
class CenteringOutcome:
    """One card of the study, measured without and with the reference picture of the card.

    Attributes:
        condition: which one.
        seed: of its scene.
        card_id: which card.
        px_per_mm: scale at which it was seen.
        truth_mm: border widths left, right, top, bottom; None for a borderless card.
        answers: method -> border widths in the same order, or None where it refused.
        stds: method -> standard uncertainties of the widths in mm, then of left/right and top/bottom in points; empty
            where it refused.
        reason: why the measurement refused.
        shift: the registration's errors, to the right and down in mm and of its turn in degrees; None without one.
        shift_stds: its stated standard uncertainties, in the same order.
        shift_reason: why it was not registered.
        milliseconds: processor time without and with the reference picture.
    """

    condition: str
    seed: int
    card_id: str
    px_per_mm: float
    truth_mm: tuple[float, ...] | None
    answers: Mapping[str, tuple[float, ...] | None]
    stds: Mapping[str, tuple[float, ...]]
    reason: str | None
    shift: tuple[float, ...] | None
    shift_stds: tuple[float, ...]
    shift_reason: str | None
    milliseconds: tuple[float, float]

    def errors_mm(self, method: str) -> list[float]:
        """Answer minus truth on each side; empty where there is none of either."""
        answer = self.answers[method]
        if answer is None or self.truth_mm is None:
            return []
        return [a - t for a, t in zip(answer, self.truth_mm, strict=True)]

    def ratio_errors(self, method: str) -> list[float]:
        """Answer minus truth of the left/right and top/bottom shares, in points."""
        answer = self.answers[method]
        if answer is None or self.truth_mm is None:
            return []
        return [a - t for a, t in zip(_shares(answer), _shares(self.truth_mm), strict=True)]


def measured_scenes(count: int, first_seed: int = FIRST_SEED, workers: int = 1) -> Iterator[CenteringOutcome]:
    """Measure `count` simulated cards, the conditions in turn, in a fixed order; each process on one core."""
    cv2.setNumThreads(1)
    names = list(CONDITIONS)
    jobs = [(names[i % len(names)], first_seed + i) for i in range(count)]
    if workers == 1:
        yield from (measure_scene(*job) for job in jobs)
        return
    with ProcessPoolExecutor(workers, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.map(_measure_job, jobs, chunksize=4)


def measure_scene(condition: str, seed: int) -> CenteringOutcome:
    """Render one scene with one card, and measure it by every method."""
    conditions, size = CONDITIONS[condition]
    cards = [card for card in _cards() if condition != BORDERLESS or print_edges_mm(card) is None]
    image, truth = render_scene(random_scene(seed, cards, conditions, (size, size)))
    (card,) = truth.cards
    rng = np.random.default_rng(seed)
    rough = rough_outline(card, rng)
    alone, spent_alone = _timed(image, rough, None)
    with_reference, spent = _timed(image, rough, _reference(card.card_id or ""))
    answers = {name: _ordered(baseline(image, rough)) for name, baseline in BASELINES.items()}
    errors, shift_stds = _shift_errors(with_reference, card)
    return CenteringOutcome(
        condition=condition,
        seed=seed,
        card_id=card.card_id or "",
        px_per_mm=card.px_per_mm,
        truth_mm=_true_borders(card, cards),
        answers={METHOD: _widths(alone), REFERENCED: _widths(with_reference)} | answers,
        stds={METHOD: _stds(alone), REFERENCED: _stds(with_reference)},
        reason=alone.reason,
        shift=errors,
        shift_stds=shift_stds,
        shift_reason=with_reference.registration_reason or with_reference.reason,
        milliseconds=(1000 * spent_alone, 1000 * spent),
    )


def rough_outline(card: CardTruth, rng: np.random.Generator) -> Quad:
    """The card's outline [4, 2], as wrong as a detector's."""
    return np.asarray(card.quad + rng.normal(0, OUTLINE_ERROR * CARD_WIDTH_MM * card.px_per_mm, (4, 2)))


def _measure_job(job: tuple[str, int]) -> CenteringOutcome:
    return measure_scene(*job)


def _true_borders(card: CardTruth, cards: Sequence[CardSpec]) -> tuple[float, ...] | None:
    spec = next(each for each in cards if each.card_id == card.card_id)
    edges = print_edges_mm(spec, card.offset_mm)
    if edges is None:
        return None
    left, top, right, bottom = edges
    return left, right, top, bottom


def _ordered(widths: Mapping[Side, float] | None) -> tuple[float, ...] | None:
    return None if widths is None else tuple(widths[side] for side in SIDES)


def _widths(centering: Centering) -> tuple[float, ...] | None:
    found = centering.figures
    return None if found is None else tuple(found.borders_mm[side].value for side in SIDES)


def _stds(centering: Centering) -> tuple[float, ...]:
    found = centering.figures
    if found is None:
        return ()
    return (*(found.borders_mm[side].std for side in SIDES), found.left_right.std, found.top_bottom.std)


def _shift_errors(centering: Centering, card: CardTruth) -> tuple[tuple[float, ...] | None, tuple[float, ...]]:
    found = centering.registration
    if found is None:
        return None, ()
    estimates, truths = (*found.shift_mm, found.rotation_deg), (*card.offset_mm, card.rotation_deg)
    errors = tuple(each.value - truth for each, truth in zip(estimates, truths, strict=True))
    return errors, tuple(each.std for each in estimates)


def _timed(image: Image, rough: Quad, reference: PrintReference | None) -> tuple[Centering, float]:
    start = process_time()
    return measure(image, rough, reference), process_time() - start


@cache
def _cards() -> tuple[CardSpec, ...]:
    return unknown_cards(600)


@lru_cache(maxsize=64)
def _reference(card_id: str) -> PrintReference:
    """The reference picture as a database holds it; these cards are in none that ships."""
    spec = next(card for card in _cards() if card.card_id == card_id)
    card = cv2.resize(
        render_card(spec, 2.0 * RECTIFIED_PX_PER_MM), (RECTIFIED_WIDTH, RECTIFIED_HEIGHT), interpolation=cv2.INTER_AREA
    )
    return print_reference(square_corners(np.asarray(card, dtype=np.uint8)), card_id)


def _shares(widths: Sequence[float]) -> tuple[float, float]:
    left, right, top, bottom = widths
    return 100 * left / (left + right), 100 * top / (top + bottom)
