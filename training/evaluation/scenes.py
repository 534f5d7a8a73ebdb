"""The scanner on simulated scenes that nothing was trained or tuned on: detection, recognition, refusal.

Each scene is rendered, detected, rectified and recognised by the daemon's own parts; the truth is only compared with
their answers. Recognition is measured twice on every card: from its true corners and from the detector's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from edge.detection import CardDetector
from edge.geometry import Image, Quad
from edge.imaging.rectification import rectify
from edge.recognition.belief import Worth
from edge.recognition.opening import open_recognizer
from edge.recognition.recognizer import Recognizer
from edge.settings.sections import RecognitionSettings
from edge.simulator.card import render_card
from edge.simulator.conditions import PRESETS, Conditions
from edge.simulator.scene import random_scene, render_scene
from edge.simulator.sets import CardSpec, demo_cards, unknown_cards
from edge.simulator.truth import CardTruth
from training.evaluation.baseline import HashGallery
from training.evaluation.enhancement import equalized, gamma_corrected
from training.evaluation.metrics import assign, corner_error

FIRST_HELD_OUT_SEED = 1_000_000
UNKNOWN_CLEAN, UNKNOWN_EVERYTHING = "unknown cards", "unknown cards, everything"
MAIN_CONDITIONS = ("clean", "sleeved", "occluded_20", "glare", "finger", "many", UNKNOWN_CLEAN)
CONDITIONS: Mapping[str, Conditions] = {
    **PRESETS,
    UNKNOWN_CLEAN: replace(PRESETS["sleeved"], cards=(2, 5)),
    UNKNOWN_EVERYTHING: replace(PRESETS["everything"], back=0.0),
}
HASH_SIZES = (8, 16, 32)
REFERENCE_PX_PER_MM = 4
MIN_VISIBLE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What one method said of one card: the nearest distinct cards, nearest first, and what the scanner makes of it."""

    card_ids: tuple[str, ...]
    distances: tuple[float, ...]
    worth: Worth | None = None

    def rank(self, card_id: str) -> int | None:
        """Place of the right card, 1 for the first; None when it is not among the answers."""
        return self.card_ids.index(card_id) + 1 if card_id in self.card_ids else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardOutcome:
    """One card of one scene.

    Attributes:
        scene: its seed; equal for the cards of one scene.
        condition: of the scene.
        card_id: the true card.
        has_lookalike: whether another card of the database shares its art.
        visible: fraction of the card that nothing hides.
        corner_error: of the detection, as a fraction of the card's width; None when it was not detected.
        answers: (method, corners) -> answer; corners are "true" or "detected".
    """

    scene: int
    condition: str
    card_id: str
    has_lookalike: bool
    visible: float
    corner_error: float | None
    answers: Mapping[tuple[str, str], Ranking]


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneOutcome:
    """One scene: its cards, and the detections that are no card."""

    condition: str
    cards: tuple[CardOutcome, ...]
    detections: int
    false_detections: int


class SceneEvaluator:
    """Owns the models and galleries of one process."""

    def __init__(self, recognition: RecognitionSettings) -> None:
        """Open the model and the database, render the references for the baseline."""
        self._detector = CardDetector()
        self._recognizer: Recognizer = open_recognizer(recognition)
        self._known = demo_cards()
        self._unknown = unknown_cards(len(self._known))
        originals = {card.lookalike_of for card in self._known} - {None}
        self._lookalikes = {c.card_id for c in self._known if c.lookalike_of or c.card_id in originals}
        references = [(card.card_id, render_card(card, REFERENCE_PX_PER_MM)) for card in self._known]
        self._hashes = [HashGallery(references, size) for size in HASH_SIZES]

    def evaluate(self, condition: str, seed: int) -> SceneOutcome:
        """Render, scan and compare one scene."""
        cards: Sequence[CardSpec] = self._unknown if is_unknown(condition) else self._known
        image, truth = render_scene(random_scene(seed, cards, CONDITIONS[condition]))
        quads = [detection.quad for detection in self._detector.detect(image)]
        judged = [card for card in truth.cards if is_judged(card)]
        matched = assign(quads, [card.quad for card in judged])
        outcomes = tuple(
            self._outcome((condition, seed), image, card, quads[matched[i]] if i in matched else None)
            for i, card in enumerate(judged)
        )
        return SceneOutcome(
            condition=condition,
            cards=outcomes,
            detections=len(quads),
            false_detections=len(quads) - len(assign(quads, [card.quad for card in truth.cards], min_iou=0.5)),
        )

    def _outcome(self, scene: tuple[str, int], image: Image, card: CardTruth, detected: Quad | None) -> CardOutcome:
        answers = {(method, "true"): answer for method, answer in self._answers(image, card.quad)}
        if detected is not None:
            answers |= {(method, "detected"): answer for method, answer in self._answers(image, detected)}
        return CardOutcome(
            condition=scene[0],
            scene=scene[1],
            card_id=card.card_id or "",
            has_lookalike=card.card_id in self._lookalikes,
            visible=card.visible_fraction,
            corner_error=None if detected is None else corner_error(detected, card.quad),
            answers=answers,
        )

    def _answers(self, image: Image, quad: Quad) -> Iterator[tuple[str, Ranking]]:
        crop = rectify(image, quad)
        crops = {"embedder": crop, "with CLAHE": equalized(crop), "with gamma": gamma_corrected(crop)}
        for method, recognition in zip(crops, self._recognizer.recognize(list(crops.values())), strict=True):
            yield (
                method,
                Ranking(
                    card_ids=tuple(match.card_id for match in recognition.matches),
                    distances=tuple(match.distance for match in recognition.matches),
                    worth=recognition.worth,
                ),
            )
        for gallery in self._hashes:
            nearest = gallery.nearest(crop, 5)
            yield (
                f"hash {gallery.size} x {gallery.size}",
                Ranking(card_ids=tuple(i for i, _ in nearest), distances=tuple(d for _, d in nearest)),
            )


def evaluate_scenes(count: int, recognition: RecognitionSettings, workers: int = 1) -> Iterator[SceneOutcome]:
    """Evaluate `count` scenes, the conditions in turn and the main ones three times as often, in a fixed order."""
    names = [*CONDITIONS, *MAIN_CONDITIONS, *MAIN_CONDITIONS]
    jobs = [(names[i % len(names)], FIRST_HELD_OUT_SEED + i) for i in range(count)]
    if workers == 1:
        evaluator = SceneEvaluator(recognition)
        yield from (evaluator.evaluate(*job) for job in jobs)
        return
    with ProcessPoolExecutor(workers, initializer=_start_worker, initargs=(recognition,)) as pool:
        yield from pool.map(_evaluate_in_worker, jobs, chunksize=4)


def is_unknown(condition: str) -> bool:
    """Whether the cards of this condition are outside the database."""
    return condition in {UNKNOWN_CLEAN, UNKNOWN_EVERYTHING}


def is_judged(card: CardTruth) -> bool:
    """Whether a card has to be found: it shows its front, lies wholly in the frame, and enough of it is seen."""
    return card.face == "front" and card.fully_in_frame and card.visible_fraction >= MIN_VISIBLE


_worker: list[SceneEvaluator] = []


def _start_worker(recognition: RecognitionSettings) -> None:
    _worker.append(SceneEvaluator(recognition))


def _evaluate_in_worker(job: tuple[str, int]) -> SceneOutcome:
    return _worker[0].evaluate(*job)
