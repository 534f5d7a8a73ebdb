"""Gauge repeatability and reproducibility of the centering measurement, on simulated cards.

The crossed design of the AIAG's "Measurement Systems Analysis" (4th edition, 2010), by analysis of variance: cards
times set-ups times repeats. A set-up is one camera, bench and light; for every repeat the card is laid down anew and
another picture is taken.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.centering import measure
from edge.simulator.card import print_edges_mm
from edge.simulator.conditions import CLEAN
from edge.simulator.scene import Scene, random_scene, render_scene
from edge.simulator.sets import CardSpec, unknown_cards
from training.evaluation.centering_scenes import rough_outline

CARDS, SETUPS, REPEATS = 10, 3, 3
FIRST_SEED = 4_000_000
FRAME_PX = 1950
# A PSA 10 allows 45/55 to 55/45.
TOLERANCE_POINTS = 10.0
# Spread of centering among the cards that are measured: uniform up to this shift of the print.
PRINT_OFFSET_MM = 1.0

Readings = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeStudy:
    """Standard deviations of a crossed gauge study, in points of the left/right share.

    Attributes:
        repeatability: of one card in one set-up.
        reproducibility: between set-ups, their interaction with cards included.
        parts: between cards.
        refused: pictures in which the measurement refused; their cards are left out.
        cards: cards that the figures rest on.
    """

    repeatability: float
    reproducibility: float
    parts: float
    refused: int
    cards: int

    def to_json(self) -> dict[str, float | int]:
        """With %GRR of the total variation and of the tolerance, and the number of distinct categories."""
        grr = float(np.hypot(self.repeatability, self.reproducibility))
        return {
            "cards": self.cards,
            "refused": self.refused,
            "repeatability": self.repeatability,
            "reproducibility": self.reproducibility,
            "grr": grr,
            "parts": self.parts,
            "grr_percent_of_variation": 100 * grr / float(np.hypot(grr, self.parts)),
            "grr_percent_of_tolerance": 100 * 6 * grr / TOLERANCE_POINTS,
            "distinct_categories": int(np.sqrt(2) * self.parts / grr),
        }


def gauge_study() -> GaugeStudy:
    """Measure 10 cards in 3 set-ups, 3 times each."""
    rng = np.random.default_rng(FIRST_SEED)
    bordered = [card for card in unknown_cards(200) if print_edges_mm(card, (0.0, 0.0)) is not None]
    specs = [bordered[int(i)] for i in rng.choice(len(bordered), CARDS, replace=False)]
    offsets = rng.uniform(-PRINT_OFFSET_MM, PRINT_OFFSET_MM, (CARDS, 2))
    clean = replace(CLEAN, px_per_mm=(11.7, 11.7), upright=1.0)
    setups = [random_scene(FIRST_SEED + j, specs, clean, (FRAME_PX, FRAME_PX)) for j in range(SETUPS)]
    readings = np.full((CARDS, SETUPS, REPEATS), np.nan)
    for i, j, k in np.ndindex(*readings.shape):
        readings[i, j, k] = _reading(setups[j], specs[i], (float(offsets[i, 0]), float(offsets[i, 1])), rng)
    return analyse(readings)


def analyse(readings: Readings) -> GaugeStudy:
    """Variance components by two-way analysis of variance with interaction.

    Args:
        readings: [cards, set-ups, repeats]; cards with a NaN are left out.
    """
    complete = readings[np.isfinite(readings).all(axis=(1, 2))]
    parts, setups, repeats = complete.shape
    cells, mean = complete.mean(axis=2), complete.mean()
    by_part, by_setup = cells.mean(axis=1), cells.mean(axis=0)
    within = float(np.sum((complete - cells[:, :, None]) ** 2)) / (parts * setups * (repeats - 1))
    interaction = cells - by_part[:, None] - by_setup[None, :] + mean
    crossed = repeats * float(np.sum(interaction**2)) / ((parts - 1) * (setups - 1))
    setup = parts * repeats * float(np.sum((by_setup - mean) ** 2)) / (setups - 1)
    part = setups * repeats * float(np.sum((by_part - mean) ** 2)) / (parts - 1)
    between = max(0.0, (crossed - within) / repeats) + max(0.0, (setup - crossed) / (parts * repeats))
    return GaugeStudy(
        repeatability=float(np.sqrt(within)),
        reproducibility=float(np.sqrt(between)),
        parts=float(np.sqrt(max(0.0, (part - crossed) / (setups * repeats)))),
        refused=int(np.isnan(readings).sum()),
        cards=parts,
    )


def _reading(setup: Scene, spec: CardSpec, offset_mm: tuple[float, float], rng: np.random.Generator) -> float:
    """Left share in per cent of one card in one set-up; NaN where the measurement refused."""
    (lying,) = setup.cards
    x, y, turn = rng.normal(0, (1.5, 1.5, 1.5))
    pose = replace(
        lying.pose,
        x_mm=lying.pose.x_mm + float(x),
        y_mm=lying.pose.y_mm + float(y),
        angle_deg=lying.pose.angle_deg + float(turn),
    )
    card = replace(lying, spec=spec, pose=pose, offset_mm=offset_mm, rotation_deg=0.0)
    sensor = replace(setup.sensor, seed=int(rng.integers(2**31)))
    image, truth = render_scene(replace(setup, cards=(card,), sensor=sensor))
    found = measure(image, rough_outline(truth.cards[0], rng)).figures
    return float("nan") if found is None else found.left_right.first
