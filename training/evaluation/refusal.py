"""How cards that are not in a database are refused, and how far stated probabilities hold.

Cards inside and outside a database are photographed by the simulator, several looks at each as it lies still. The
scanner's own recogniser names each look, its own smoother comes to a verdict. A card of the database whose art is left
out of it is one outside: each card can be shown as both.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from edge.database.search import CardDatabase
from edge.embedding.base import Embedder
from edge.geometry import Image
from edge.pipeline.smoothing import Verdict, advance, judge
from edge.recognition.belief import Worth
from edge.recognition.evidence import evidence_for
from edge.recognition.recognition import Recognition
from edge.recognition.recognizer import Recognizer
from edge.recognition.verification import Verifier
from edge.settings.sections import SmoothingSettings
from edge.wire.messages import TrackState
from training.calibration.left_out import WithoutCards
from training.data.gallery import GalleryImage
from training.evaluation.baseline import HashGallery
from training.evaluation.crops import CropJob, render_looks
from training.evaluation.enhancement import equalized
from training.evaluation.held_out import chosen
from training.parallel.processes import in_processes

CONDITIONS = ("clean", "everything")
FIRST_SEED = 7_000_000
LOOKS = 4
HASH_SIZE = 32
_REPORT_EVERY = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A card to show.

    Attributes:
        image: of it.
        without: cards that are left out of the database when it is shown, in each of the ways that it is shown.
    """

    image: GalleryImage
    without: tuple[AbstractSet[str], ...] = (frozenset(),)


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
        verdict: the card that the scanner confirmed last in these looks; None where it confirmed none at any time.
        hashed: rule -> the card that perceptual hashes name for the first look, and how much speaks for it.
    """

    card_id: str
    known: bool
    condition: str
    looks: tuple[Look, ...]
    verdict: str | None
    hashed: Mapping[str, tuple[str, float]]


def show_cards(
    embedder: Embedder, database: CardDatabase, exhibits: Sequence[Exhibit], count: int, workers: int
) -> Iterator[Shown]:
    """Show `count` of the exhibits under each condition, in every way that they are shown.

    Raises:
        ScannerError: if a picture, the model or the database cannot be used.
    """
    hashes, verifier = _hash_galleries(database), Verifier(database)
    jobs = _jobs(exhibits, count)
    crops = in_processes(partial(_looks, LOOKS), [job for job, _ in jobs], workers)
    for number, ((job, exhibit), looks) in enumerate(zip(jobs, crops, strict=True), 1):
        for without in exhibit.without:
            seen = WithoutCards(database, without)
            answers = Recognizer(embedder, seen, verifier).recognize(looks)
            yield Shown(
                card_id=job.image.card_id,
                known=job.image.card_id in set(database.card_ids) - without,
                condition=job.condition,
                looks=tuple(_look(seen, answer) for answer in answers),
                verdict=_verdict(answers),
                hashed={name: hashed.standing_out(looks[0], without) for name, hashed in hashes.items()}
                | {"hash lead of the nearest": _hash_lead(seen, looks[0], answers[0])},
            )
        if number % _REPORT_EVERY == 0:
            sys.stderr.write(f"{number} of {len(jobs)} cards shown\n")


def _hash_galleries(database: CardDatabase) -> dict[str, HashGallery]:
    """Hashes of the reference pictures of a database's cards, as they are and with CLAHE."""
    found = [database.print_reference(card_id) for card_id in database.card_ids]
    pictures = [(each.name, cv2.cvtColor(each.picture(), cv2.COLOR_GRAY2BGR)) for each in found if each is not None]
    references = [(name, np.asarray(picture, dtype=np.uint8)) for name, picture in pictures]
    return {
        "hash, separation": HashGallery(references, HASH_SIZE),
        "hash with CLAHE, separation": HashGallery(references, HASH_SIZE, equalized),
    }


def _jobs(exhibits: Sequence[Exhibit], count: int) -> list[tuple[CropJob, Exhibit]]:
    found: list[tuple[CropJob, Exhibit]] = []
    for place, condition in enumerate(CONDITIONS):
        for exhibit in chosen(exhibits, count, seed=place):
            job = CropJob(image=exhibit.image, condition=condition, seed=FIRST_SEED + len(found))
            found.append((job, exhibit))
    return found


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


def _hash_lead(database: CardDatabase, crop: Image, answer: Recognition) -> tuple[str, float]:
    evidence = next(evidence_for(database, crop, answer.embedding, answer.matches))
    return answer.matches[0].card_id, -1.0 if evidence.hash_lead is None else evidence.hash_lead


def _verdict(answers: Sequence[Recognition]) -> str | None:
    settings, verdict, confirmed = SmoothingSettings(), Verdict(), None
    for frame_id, answer in enumerate(answers):
        verdict = advance(verdict, judge(answer, frame_id), settings)
        confirmed = verdict.card_id if verdict.state is TrackState.CONFIRMED else confirmed
    return confirmed
