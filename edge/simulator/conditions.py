"""Under which conditions random scenes are made: one value per disturbance, and the presets that name them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from edge.simulator.sleeve import SleeveKind
from edge.simulator.surfaces import SurfaceKind

Range = tuple[float, float]

ALL_SURFACES: tuple[SurfaceKind, ...] = (
    "wood",
    "cloth",
    "felt",
    "plain",
    "desk",
    "playmat",
    "paper",
    "cardboard",
    "motifs",
    "check",
    "print",
)
ALL_SLEEVES: tuple[SleeveKind, ...] = ("glossy", "matte", "scuffed", "coloured", "toploader")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What may happen in a scene. Probabilities are 0 to 1; ranges are drawn from evenly.

    Attributes:
        cards: fewest and most cards.
        px_per_mm: scale of a single card in a frame whose shorter side is 1520 pixels.
        surfaces: benches to choose from.
        low_contrast: probability that the bench has the colour of the card's edge.
        camera_tilt_deg: range of the camera's tilt.
        card_tilt_deg: range of each card's own tilt.
        upright: probability that a card stands about upright (either way up) instead of at any angle.
        crop: probability that cards hang out of the frame.
        back: probability, per card, that it lies face down.
        sleeve: probability, per card, of a sleeve.
        sleeves: kinds to choose from.
        glare: probability, per card, of reflections.
        glare_strength: range, in units of white.
        foil: probability, per card, that it is foil although its print is not.
        props: fewest and most things that are not cards, beside the cards.
        small_covers: probability, per card, of a coin, die or pen on it.
        finger: probability, per card, that fingers hold it.
        occlusion: share of each card's area that an opaque thing hides, or None.
        hand_shadow: probability of a hand's shadow.
        defocus_px: range of the standard deviation.
        motion_px: range of the path, of the camera or of one card.
        exposure: range.
        colour_cast: largest deviation of the white balance.
        read_noise: range, grey levels.
        sharpening: range of the camera's own sharpening, 0 to 1.
        jpeg: probability of compression.
        print_offset_mm: largest shift of the print against the cut.
        print_rotation_deg: largest turn of the print against the cut.
    """

    cards: tuple[int, int] = (1, 1)
    px_per_mm: Range = (5.5, 12.0)
    surfaces: tuple[SurfaceKind, ...] = ALL_SURFACES
    low_contrast: float = 0.0
    camera_tilt_deg: Range = (0.0, 8.0)
    card_tilt_deg: Range = (0.0, 0.0)
    upright: float = 0.3
    crop: float = 0.0
    back: float = 0.0
    sleeve: float = 0.0
    sleeves: tuple[SleeveKind, ...] = ALL_SLEEVES
    glare: float = 0.0
    glare_strength: Range = (0.35, 1.1)
    foil: float = 0.0
    props: tuple[int, int] = (0, 0)
    small_covers: float = 0.0
    finger: float = 0.0
    occlusion: float | None = None
    hand_shadow: float = 0.0
    defocus_px: Range = (0.4, 0.9)
    motion_px: Range = (0.0, 0.0)
    exposure: Range = (0.85, 1.1)
    colour_cast: float = 0.06
    read_noise: Range = (0.8, 2.5)
    sharpening: Range = (0.0, 0.0)
    jpeg: float = 0.0
    print_offset_mm: float = 0.8
    print_rotation_deg: float = 0.4


CLEAN = Conditions()
SLEEVED = replace(CLEAN, sleeve=1.0, glare=0.4, glare_strength=(0.1, 0.45))
OCCLUDED_20 = replace(CLEAN, occlusion=0.2)
FINGER = replace(CLEAN, finger=1.0)
GLARE = replace(CLEAN, sleeve=0.7, sleeves=("glossy", "scuffed", "toploader"), glare=1.0, glare_strength=(0.6, 1.4))
FOIL = replace(CLEAN, foil=1.0, glare=0.3)
BLUR = replace(CLEAN, defocus_px=(1.0, 3.0), motion_px=(0.0, 14.0))
LOW_LIGHT = replace(CLEAN, exposure=(0.16, 0.4), read_noise=(3.0, 7.0), colour_cast=0.15)
TILT = replace(CLEAN, card_tilt_deg=(15.0, 45.0), camera_tilt_deg=(0.0, 15.0))
SHADOW = replace(CLEAN, hand_shadow=1.0)
LOW_CONTRAST = replace(CLEAN, low_contrast=1.0)
CLUTTER = replace(CLEAN, props=(3, 8), small_covers=0.3)
MANY = replace(CLEAN, cards=(2, 9), back=0.1)
CROPPED = replace(CLEAN, crop=1.0)
BACKS = replace(CLEAN, back=1.0)
NO_CARDS = replace(CLEAN, cards=(0, 0), props=(1, 9))
EVERYTHING = Conditions(
    cards=(1, 6),
    low_contrast=0.15,
    camera_tilt_deg=(0.0, 22.0),
    card_tilt_deg=(0.0, 14.0),
    crop=0.12,
    back=0.06,
    sleeve=0.4,
    glare=0.35,
    foil=0.2,
    props=(0, 4),
    small_covers=0.08,
    finger=0.15,
    hand_shadow=0.2,
    defocus_px=(0.4, 1.8),
    motion_px=(0.0, 5.0),
    exposure=(0.4, 1.2),
    colour_cast=0.12,
    read_noise=(0.8, 5.0),
    sharpening=(0.0, 0.8),
    jpeg=0.5,
)

PRESETS: Mapping[str, Conditions] = {
    "clean": CLEAN,
    "sleeved": SLEEVED,
    "occluded_20": OCCLUDED_20,
    "finger": FINGER,
    "glare": GLARE,
    "foil": FOIL,
    "blur": BLUR,
    "low_light": LOW_LIGHT,
    "tilt": TILT,
    "shadow": SHADOW,
    "low_contrast": LOW_CONTRAST,
    "clutter": CLUTTER,
    "many": MANY,
    "cropped": CROPPED,
    "backs": BACKS,
    "no_cards": NO_CARDS,
    "everything": EVERYTHING,
}
