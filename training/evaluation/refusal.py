"""How cards that are not in a database are refused, and how far stated probabilities hold.

Cards inside and outside a database are photographed by the simulator, several looks at each as it lies still. The
scanner's own recogniser names each look, its own smoother comes to a verdict.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from edge.database import CardDatabase
from edge.geometry import Image
from edge.pipeline.smoothing import Verdict, advance, judge
from edge.recognition.belief import Worth
from edge.recognition.recognizer import Recognition, Recognizer
from edge.settings.settings import SmoothingSettings
from edge.wire.messages import TrackState
from training.data.gallery import GalleryImage
from training.evaluation.baseline import HashGallery
from training.evaluation.crops import CropJob, render_looks
from training.evaluation.held_out import chosen
from training.parallel.processes import in_processes

CONDITIONS = ("clean", "everything")
FIRST_SEED = 7_000_000
LOOKS = 4
HASH_SIZE = 32
_REPORT_EVERY = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a card.

    Attributes:
        card_id: of the first match.
        confirmed: whether this look alone would confirm it.
        named: whether it names it at all.
        probabilities: of the first match, and that its art is shown.
        distance: to the first match.
        ratio: of that distance to the one to the nearest card that is no look-alike.
    """

    card_id: str
    confirmed: bool
    named: bool
    probabilities: tuple[float, float]
    distance: float
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One card, as it lay there.

    Attributes:
        card_id: that was shown.
        known: whether it is in the database.
        condition: under which it was photographed.
        looks: at it.
        verdict: the card that the scanner confirmed after them; None where it confirmed none.
        hashed: card with the nearest perceptual hash to the first look, and how many standard deviations of all cards'
            distances it lies below their mean.
    """

    card_id: str
    known: bool
    condition: str
    looks: tuple[Look, ...]
    verdict: str | None
    hashed: tuple[str, float]


def show_cards(
    recognizer: Recognizer,
    known: Sequence[GalleryImage],
    unknown: Sequence[GalleryImage],
    count: int,
    workers: int,
) -> Iterator[Shown]:
    """Show `count` known and as many unknown cards under each condition.

    Raises:
        ScannerError: if a picture, the model or the database cannot be used.
    """
    hashes = HashGallery(_references(recognizer.database), HASH_SIZE)
    jobs = _jobs(known, unknown, count)
    crops = in_processes(partial(_looks, LOOKS), [job for job, _ in jobs], workers)
    for number, ((job, is_known), looks) in enumerate(zip(jobs, crops, strict=True), 1):
        answers = recognizer.recognize(looks)
        yield Shown(
            card_id=job.image.card_id,
            known=is_known,
            condition=job.condition,
            looks=tuple(_look(recognizer.database, answer) for answer in answers),
            verdict=_verdict(answers),
            hashed=hashes.standing_out(looks[0]),
        )
        if number % _REPORT_EVERY == 0:
            sys.stderr.write(f"{number} of {len(jobs)} cards shown\n")


def _references(database: CardDatabase) -> list[tuple[str, Image]]:
    """The small grey pictures of a database's cards."""
    found = [database.print_reference(card_id) for card_id in database.card_ids]
    return [(reference.name, reference.picture()) for reference in found if reference is not None]


def _jobs(known: Sequence[GalleryImage], unknown: Sequence[GalleryImage], count: int) -> list[tuple[CropJob, bool]]:
    """By turns known and unknown ones, so that a run that is stopped has seen both."""
    jobs: list[tuple[CropJob, bool]] = []
    for place, condition in enumerate(CONDITIONS):
        pairs = zip(chosen(known, count, seed=place), chosen(unknown, count, seed=place), strict=True)
        for images in pairs:
            for image, is_known in zip(images, (True, False), strict=True):
                jobs.append((CropJob(image=image, condition=condition, seed=FIRST_SEED + len(jobs)), is_known))
    return jobs


def _looks(count: int, job: CropJob) -> list[Image]:
    return render_looks(job, count)


def _look(database: CardDatabase, answer: Recognition) -> Look:
    first, belief = answer.matches[0], answer.belief
    alike = database.alike(first.card_id)
    others = [match.distance for match in answer.matches if match.card_id not in alike]
    return Look(
        card_id=first.card_id,
        confirmed=answer.worth is Worth.STRONG,
        named=answer.named,
        probabilities=(0.0, 0.0) if belief is None else (belief.probabilities[0], belief.art),
        distance=first.distance,
        ratio=first.distance / max(min(others, default=2.0), 1e-6),
    )


def _verdict(answers: Sequence[Recognition]) -> str | None:
    settings, verdict = SmoothingSettings(), Verdict()
    for frame_id, answer in enumerate(answers):
        verdict = advance(verdict, judge(answer, frame_id), settings)
    return verdict.card_id if verdict.state is TrackState.CONFIRMED else None
