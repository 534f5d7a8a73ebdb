"""How often each disturbance happens.

Clean and heavy views counted, a disturbance is in 1.08 times as many views as its probability says (0.9 x 1.2), as long
as doubling it stays below 0.9: glare in a quarter of all.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any

from training.errors import TrainingError


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentationSettings:
    """Probabilities, 0 to 1, of each disturbance on a card that is disturbed normally.

    Attributes:
        clean: that a card is shown as in the gallery, with none of the following.
        heavy: that every other probability is doubled (at most 0.9): many disturbances together.
        outline: the outline was found a little wrong: corners off, background or sleeve in the crop, edges cut.
        foil: rainbow over the print.
        sleeve: haze, gloss gradient, scuffs.
        glare: reflections of lamps and windows.
        shadow: of a hand or arm.
        fingers: over the card.
        objects: dice, counters, other cards over it.
        illumination: exposure, gamma, white balance, saturation.
        hue: every colour turned by up to 36 degrees, as lamps and printing inks do.
        greyscale: no colour at all.
        low_light: little contrast above the black level, strong noise.
        defocus: blur in all directions.
        motion: blur in one direction.
        low_resolution: the card is small in the frame.
        noise: of the sensor.
        compression: JPEG.
        rotation: that the card lies up to 15 degrees askew in its crop. A rectified card does not; for detectors that
            give boxes only.
        perspective: that its corners are up to 10 % of its size inside the crop, likewise.
    """

    clean: float = 0.1
    heavy: float = 0.2
    outline: float = 0.85
    foil: float = 0.15
    sleeve: float = 0.4
    glare: float = 0.23
    shadow: float = 0.25
    fingers: float = 0.15
    objects: float = 0.15
    illumination: float = 0.8
    hue: float = 0.5
    greyscale: float = 0.03
    low_light: float = 0.1
    defocus: float = 0.3
    motion: float = 0.2
    low_resolution: float = 0.4
    noise: float = 0.4
    compression: float = 0.3
    rotation: float = 0.0
    perspective: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            TrainingError: if one is not a probability.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 <= value <= 1:
                raise TrainingError(f"augmentation.{field.name} must be a probability from 0 to 1, got {value}")

    def to_json(self) -> dict[str, Any]:
        """The settings as plain values."""
        return asdict(self)
