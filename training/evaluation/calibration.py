"""Distance thresholds for a chosen false-accept rate, from cards that no model and no database has seen.

Half of the calibration cards form a gallery, the other half are unknown to it. Both are put through the daemon's own
detection, rectification and embedding on simulated scenes, and the distances to the nearest card decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.detection import CardDetector
from edge.embedding.base import Embedder
from edge.geometry import Image, quad_iou
from edge.imaging.rectification import rectify, upside_down
from edge.manifests import Thresholds
from edge.simulator.card import render_card
from edge.simulator.conditions import PRESETS
from edge.simulator.scene import random_scene, render_scene
from edge.simulator.sets import CardSpec, calibration_cards

FIRST_CALIBRATION_SEED = 500_000
REFERENCE_PX_PER_MM = 8
_BATCH = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distances:
    """Distances to the nearest gallery card.

    Attributes:
        known: float64 [N], queries of gallery cards whose nearest card was the right one.
        mistaken: float64 [M], queries of gallery cards whose nearest card was another one.
        unknown: float64 [K], queries of cards outside the gallery.
    """

    known: NDArray[np.float64]
    mistaken: NDArray[np.float64]
    unknown: NDArray[np.float64]


def measure_distances(embedder: Embedder, gallery_size: int, scenes: int) -> Distances:
    """Scan `scenes` simulated scenes of known and as many of unknown calibration cards."""
    cards = calibration_cards(2 * gallery_size)
    originals = [card.lookalike_of or card.card_id for card in cards]
    gallery_arts = set(originals[:gallery_size])
    unknown = [card for card, art in zip(cards, originals, strict=True) if art not in gallery_arts]
    gallery = embed_references(embedder, cards[:gallery_size])
    arts = np.array([art for art in originals[:gallery_size] for _ in range(2)])
    known_queries = _scan(embedder, cards[:gallery_size], scenes, FIRST_CALIBRATION_SEED)
    unknown_queries = _scan(embedder, unknown, scenes, FIRST_CALIBRATION_SEED + scenes)
    arts_of = dict(zip((card.card_id for card in cards), originals, strict=True))
    known: list[float] = []
    mistaken: list[float] = []
    for card_id, embedding in known_queries:
        similarity = gallery @ embedding
        best = int(similarity.argmax())
        (known if arts[best] == arts_of[card_id] else mistaken).append(1 - float(similarity[best]))
    refused = [1 - float((gallery @ embedding).max()) for _, embedding in unknown_queries]
    return Distances(known=np.array(known), mistaken=np.array(mistaken), unknown=np.array(refused))


def choose_thresholds(distances: Distances, false_accept_rate: float, command: str) -> Thresholds:
    """The largest distances that keep to the false-accept rate.

    `confirmed` is the quantile of the wrong answers' distances at `false_accept_rate`, `unknown` the one at ten times
    that rate (a candidate is shown with its alternatives, never as an identification), and `not_a_card` the greatest
    distance that any card was seen at, of the gallery or not: a card that is not in it is refused, not passed over.
    """
    wrong = np.concatenate([distances.unknown, distances.mistaken])
    confirmed = float(np.quantile(wrong, false_accept_rate, method="lower"))
    unknown = max(confirmed, float(np.quantile(wrong, min(1.0, 10 * false_accept_rate), method="lower")))
    not_a_card = float(np.max(np.concatenate([wrong, distances.known]), initial=unknown))
    return Thresholds(
        confirmed=round(confirmed, 4),
        unknown=round(unknown, 4),
        not_a_card=round(not_a_card, 4),
        calibration={
            "command": command,
            "false_accept_rate": false_accept_rate,
            "known_queries": len(distances.known) + len(distances.mistaken),
            "known_right": len(distances.known),
            "known_right_confirmed": float(np.mean(distances.known <= confirmed)),
            "known_right_not_unknown": float(np.mean(distances.known <= unknown)),
            "unknown_queries": len(distances.unknown),
            "unknown_confirmed": float(np.mean(distances.unknown <= confirmed)),
            "unknown_candidates": float(np.mean((distances.unknown > confirmed) & (distances.unknown <= unknown))),
        },
    )


def embed_references(embedder: Embedder, cards: Sequence[CardSpec]) -> NDArray[np.float32]:
    """Embeddings float32 [2 * len(cards), D] of the cards' originals, upright and upside down by turns."""
    rows = []
    for start in range(0, len(cards), _BATCH):
        images = [render_card(card, REFERENCE_PX_PER_MM) for card in cards[start : start + _BATCH]]
        rows.append(embedder.embed([turned for image in images for turned in (image, upside_down(image))]))
    return np.concatenate(rows)


def _scan(
    embedder: Embedder, cards: Sequence[CardSpec], scenes: int, first_seed: int
) -> list[tuple[str, NDArray[np.float32]]]:
    detector = CardDetector()
    names = [name for name, preset in PRESETS.items() if preset.cards[1] and preset.back != 1]
    queries: list[tuple[str, NDArray[np.float32]]] = []
    for i in range(scenes):
        image, truth = render_scene(random_scene(first_seed + i, cards, PRESETS[names[i % len(names)]]))
        crops: list[tuple[str, Image]] = []
        quads = [detection.quad for detection in detector.detect(image)]
        for card in truth.cards:
            best = max(quads, key=lambda quad: quad_iou(quad, card.quad), default=None)
            if card.card_id and card.fully_in_frame and best is not None and quad_iou(best, card.quad) > 0.75:
                crops.append((card.card_id, rectify(image, best)))
        embeddings = embedder.embed([crop for _, crop in crops])
        queries.extend((card_id, row) for (card_id, _), row in zip(crops, embeddings, strict=True))
    return queries
