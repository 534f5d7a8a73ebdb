"""How accurate the centering measurement is: simulated cards of known border, against what people use today.

Every card is measured from an outline that is wrong by a few tenths of a millimetre, as a detector's is. The truth is
the simulator's; only this module compares it with the answers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from time import process_time

import cv2

from edge.centering import Setup, measure
from edge.centering.result import Centering
from edge.geometry import SIDES, Side
from edge.imaging.print_reference import PrintReference
from edge.simulator.truth import CardTruth
from training.evaluation.centering_baselines import BASELINES
from training.evaluation.centering_designs import Series, design_jobs, design_scene
from training.evaluation.centering_scenes import CenteringScene, centering_scene, jobs

FIRST_SEED = 3_000_000
METHOD = "card-scanner"
REFERENCED = "card-scanner, card identified"
METHODS = (METHOD, REFERENCED, *BASELINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class CenteringOutcome:
    """One card of the study, measured without and with the reference picture of the card.

    Attributes:
        condition: which one.
        seed: of its scene.
        card_id: which card.
        px_per_mm: scale at which it was seen.
        truth_mm: border widths left, right, top, bottom; None for a borderless card.
        centred_mm: the same of a perfectly centred print.
        by_design: whether a share counts as right by the design also where no reference tells the design.
        answers: method -> border widths in the same order, or None where it refused.
        stated_shares: method -> left/right and top/bottom shares where it tells them by itself; of others they follow
            from the widths.
        stds: method -> standard uncertainties of the widths in mm, then of left/right and top/bottom in points; empty
            where it refused.
        reason: why the measurement refused.
        shift: the registration's errors, to the right and down in mm and of its turn in degrees; None without one.
        shift_stds: its stated standard uncertainties, in the same order.
        shift_reason: why it was not registered.
        milliseconds: processor time without and with the reference picture.
        strata: what else it is counted by: its scale, holder and ground.
    """

    condition: str
    seed: int
    card_id: str
    px_per_mm: float
    truth_mm: tuple[float, ...] | None
    centred_mm: tuple[float, ...] | None
    by_design: bool
    answers: Mapping[str, tuple[float, ...] | None]
    stated_shares: Mapping[str, tuple[float, float]]
    stds: Mapping[str, tuple[float, ...]]
    reason: str | None
    shift: tuple[float, ...] | None
    shift_stds: tuple[float, ...]
    shift_reason: str | None
    milliseconds: tuple[float, float]
    strata: tuple[str, ...] = ()

    def errors_mm(self, method: str) -> list[float]:
        """Answer minus truth on each side; empty where there is none of either."""
        answer = self.answers[method]
        if answer is None or self.truth_mm is None:
            return []
        return [a - t for a, t in zip(answer, self.truth_mm, strict=True)]

    def ratio_errors(self, method: str) -> list[float]:
        """Answer minus truth of the left/right and top/bottom shares, in points.

        Of a method that knows the design, or of designs whose borders differ on purpose, the truth is what the print's
        shift makes of two equal borders; otherwise it is how the widths are shared.
        """
        answer = self.answers[method]
        if answer is None or self.truth_mm is None or self.centred_mm is None:
            return []
        designed = self.by_design or method == REFERENCED
        truth = shares_by_design(self.truth_mm, self.centred_mm) if designed else shares(self.truth_mm)
        told = self.stated_shares.get(method) or shares(answer)
        return [a - t for a, t in zip(told, truth, strict=True)]


Job = Callable[[], CenteringScene]


def study(count: int, first_seed: int = FIRST_SEED) -> list[Job]:
    """The scenes of the study: `count` cards of the simulated game, the conditions in turn, in a fixed order."""
    return [partial(centering_scene, *job) for job in jobs(count, first_seed)]


def study_of_designs(count: int, first_seed: int, series: Series) -> list[Job]:
    """The same of the designs that collectors own."""
    return [partial(design_scene, *job) for job in design_jobs(count, first_seed, series)]


def measured_scenes(scenes: Sequence[Job], workers: int = 1) -> Iterator[CenteringOutcome]:
    """Render and measure each scene; each process on one core."""
    cv2.setNumThreads(1)
    if workers == 1:
        yield from (_measure_job(job) for job in scenes)
        return
    with ProcessPoolExecutor(workers, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.map(_measure_job, scenes, chunksize=4)


def measure_scene(scene: CenteringScene) -> CenteringOutcome:
    """Measure the card of a scene by every method."""
    alone, spent_alone = _timed(scene, None)
    with_reference, spent = _timed(scene, scene.reference)
    answers = {name: _ordered(baseline(scene.image, scene.rough)) for name, baseline in BASELINES.items()}
    errors, shift_stds = _shift_errors(with_reference, scene.card)
    both = {METHOD: alone, REFERENCED: with_reference}
    return CenteringOutcome(
        condition=scene.condition,
        seed=scene.seed,
        card_id=scene.card.card_id or "",
        px_per_mm=scene.card.px_per_mm,
        truth_mm=scene.truth_mm,
        centred_mm=scene.centred_mm,
        by_design=scene.by_design,
        answers={name: widths_mm(found) for name, found in both.items()} | answers,
        stated_shares={name: told for name, found in both.items() if (told := stated_shares(found)) is not None},
        stds={name: stated_stds(found) for name, found in both.items()},
        reason=alone.reason,
        shift=errors,
        shift_stds=shift_stds,
        shift_reason=with_reference.registration_reason or with_reference.reason,
        milliseconds=(1000 * spent_alone, 1000 * spent),
        strata=scene.strata,
    )


def _measure_job(job: Job) -> CenteringOutcome:
    return measure_scene(job())


def _ordered(widths: Mapping[Side, float] | None) -> tuple[float, ...] | None:
    return None if widths is None else tuple(widths[side] for side in SIDES)


def widths_mm(centering: Centering) -> tuple[float, ...] | None:
    """Border widths left, right, top, bottom; None where it refused."""
    found = centering.figures
    return None if found is None else tuple(found.borders_mm[side].value for side in SIDES)


def stated_shares(centering: Centering) -> tuple[float, float] | None:
    """Left/right and top/bottom shares; None where it refused."""
    found = centering.figures
    return None if found is None else (found.left_right.first, found.top_bottom.first)


def stated_stds(centering: Centering) -> tuple[float, ...]:
    """Standard uncertainties of the widths in mm, then of both shares in points; empty where it refused."""
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


def _timed(scene: CenteringScene, reference: PrintReference | None) -> tuple[Centering, float]:
    if scene.face == "back":
        setup, reference = Setup(face="back", backs=() if reference is None else (reference,)), None
    else:
        setup = Setup()
    start = process_time()
    return measure(scene.image, scene.rough, reference, setup), process_time() - start


def shares(widths: Sequence[float]) -> tuple[float, float]:
    """Left/right and top/bottom shares of the first, in per cent, of widths left, right, top, bottom."""
    left, right, top, bottom = widths
    return 100 * left / (left + right), 100 * top / (top + bottom)


def shares_by_design(widths: Sequence[float], centred: Sequence[float]) -> tuple[float, float]:
    """What the print's shift would make of borders that are equal when it is centred: left/right and top/bottom."""
    across, along = widths[0] + widths[1], widths[2] + widths[3]
    right, down = widths[0] - centred[0], widths[2] - centred[2]
    return 50 + 100 * right / across, 50 + 100 * down / along
