"""Random sleeves, foil and reflections."""

import numpy as np

from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM
from edge.simulator.camera import Pose
from edge.simulator.card import Printed
from edge.simulator.conditions import Conditions
from edge.simulator.sleeve import MARGINS_MM, UNSLEEVED, Finish, FoilView, Glare, Sleeve

SLEEVE_BACKS = (
    (25, 25, 25),
    (20, 20, 120),
    (130, 60, 20),
    (40, 100, 30),
    (230, 230, 230),
    (90, 30, 80),
    (60, 170, 220),
)


def random_finish(rng: np.random.Generator, spec: Printed | None, pose: Pose, conditions: Conditions) -> Finish:
    """What lies around and on one card (None: a card face down)."""
    return Finish(
        sleeve=_sleeve(rng, conditions) if rng.random() < conditions.sleeve else UNSLEEVED,
        foil=_foil(rng, spec, pose, conditions) if spec else None,
        glare=_glares(rng, conditions) if rng.random() < conditions.glare else (),
        edge_light=float(rng.choice([0.0, rng.uniform(0.1, 0.8), rng.uniform(-0.6, 0.0)], p=[0.35, 0.5, 0.15])),
        edge_angle_deg=float(rng.uniform(0, 360)),
        contrast=float(rng.uniform(0.8, 1.0)),
        veil=float(rng.uniform(0, 22)),
    )


def _sleeve(rng: np.random.Generator, conditions: Conditions) -> Sleeve:
    kind = conditions.sleeves[int(rng.integers(len(conditions.sleeves)))]
    left, top, right, bottom = rng.uniform(*MARGINS_MM[kind], 4)
    play = rng.uniform(-0.8, 0.8)
    colour = (255, 255, 255)
    opacity = float(rng.uniform(0.06, 0.25))
    if kind == "coloured":
        colour, opacity = SLEEVE_BACKS[int(rng.integers(len(SLEEVE_BACKS)))], 1.0
    top = top + (rng.uniform(0, 3) if rng.random() < 0.5 else 0)
    haze = rng.uniform(0.05, 0.16) if kind == "matte" else rng.uniform(0.0, 0.07)
    return Sleeve(
        kind=kind,
        margins_mm=(float(left + play), float(top), float(right - play), float(bottom)),
        colour=colour,
        opacity=opacity,
        haze=float(haze),
        seed=int(rng.integers(2**31)),
    )


def _foil(rng: np.random.Generator, spec: Printed, pose: Pose, conditions: Conditions) -> FoilView | None:
    """Foil cards always shine a little; its colours follow how the card is turned towards the camera."""
    forced = rng.random() < conditions.foil
    if spec.foil is None and not forced:
        return None
    view = pose.tilt_deg / 20 + pose.angle_deg / 180 + rng.random()
    spread = rng.uniform(0.4, 2.0)
    direction = rng.uniform(0, 2 * np.pi)
    return FoilView(
        strength=float(rng.uniform(0.4, 0.85) if forced else rng.uniform(0.1, 0.5)),
        phase=float(view % 1),
        gradient=(float(spread * np.cos(direction)), float(spread * np.sin(direction))),
        grain_mm=float(rng.uniform(1.2, 9)),
        seed=int(rng.integers(2**31)),
    )


def _glares(rng: np.random.Generator, conditions: Conditions) -> tuple[Glare, ...]:
    """One to three blobs or streaks."""
    reflections = []
    for _ in range(int(rng.integers(1, 4))):
        streak = rng.random() < 0.45
        size = (rng.uniform(25, 70), rng.uniform(1.5, 5)) if streak else rng.uniform(4, 14, 2)
        place = rng.uniform(-0.5, 0.5, 2) * (CARD_WIDTH_MM, CARD_HEIGHT_MM)
        reflections.append(
            Glare(
                centre_mm=(float(place[0]), float(place[1])),
                size_mm=(float(size[0]), float(size[1])),
                angle_deg=float(rng.uniform(0, 180)),
                strength=float(rng.uniform(*conditions.glare_strength)),
                ripple=float(rng.uniform(0, 0.8)),
                seed=int(rng.integers(2**31)),
            )
        )
    return tuple(reflections)
