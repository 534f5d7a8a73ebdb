"""Random light, shadows, blur and noise."""

import numpy as np

from edge.simulator.conditions import Conditions
from edge.simulator.sensor import Light, Sensor


def random_light(rng: np.random.Generator, conditions: Conditions) -> Light:
    """How a scene is lit."""
    direction, fall = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.4)
    cast = rng.uniform(-1, 1) * conditions.colour_cast
    toward = rng.uniform(0, 2 * np.pi)
    shadowed = rng.random() < conditions.hand_shadow
    return Light(
        exposure=float(rng.uniform(*conditions.exposure)),
        white_balance=(float(1 - cast), float(1 + rng.uniform(-0.03, 0.03)), float(1 + cast)),
        gradient=(float(fall * np.cos(direction)), float(fall * np.sin(direction))),
        vignetting=float(rng.uniform(0, 0.3)),
        shadow=_hand_shadow(rng) if shadowed else (),
        shadow_darkness=float(rng.uniform(0.25, 0.65)) if shadowed else 0.0,
        shadow_softness=float(rng.uniform(0.004, 0.05)),
        direction=(float(0.8 * np.cos(toward)), float(0.8 * np.sin(toward))),
    )


def _hand_shadow(rng: np.random.Generator) -> tuple[tuple[float, float], ...]:
    """A lobed shape that reaches into the frame from one side."""
    turn, depth = rng.uniform(0, 2 * np.pi), rng.uniform(-0.25, 0.2)
    across = np.linspace(-0.5, 0.5, 17) * rng.uniform(0.4, 1.3)
    along = depth + 0.12 * np.abs(np.sin(np.linspace(0, np.pi * int(rng.integers(1, 5)), 17)))
    shape = np.column_stack([np.append(across, [0.6, -0.6]), np.append(along, [-1.2, -1.2])])
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return tuple((float(x), float(y)) for x, y in shape @ rotation.T + 0.5)


def random_motion(rng: np.random.Generator, conditions: Conditions) -> tuple[float, float]:
    """The path of the picture or of a card during the exposure, pixels."""
    length, direction = rng.uniform(*conditions.motion_px), rng.uniform(0, 2 * np.pi)
    return float(length * np.cos(direction)), float(length * np.sin(direction))


def random_sensor(rng: np.random.Generator, conditions: Conditions, motion_px: tuple[float, float]) -> Sensor:
    """How a picture is taken."""
    return Sensor(
        defocus_px=float(rng.uniform(*conditions.defocus_px)),
        motion_px=motion_px,
        read_noise=float(rng.uniform(*conditions.read_noise)),
        shot_noise=float(rng.uniform(0.01, 0.06)),
        sharpening=float(rng.uniform(*conditions.sharpening)),
        jpeg_quality=int(rng.integers(60, 97)) if rng.random() < conditions.jpeg else None,
        seed=int(rng.integers(2**31)),
    )
