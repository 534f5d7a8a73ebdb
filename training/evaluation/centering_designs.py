"""Pictures of the designs that collectors own: every kind at the scales of cameras, in holders, on common grounds."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Literal

import numpy as np

from edge.simulator.conditions import CLEAN, Conditions
from edge.simulator.design import Design, Template
from edge.simulator.design_series import DEVELOPED, REPORTED
from edge.simulator.scene import Scene, random_scene
from edge.simulator.sleeve import SleeveKind
from edge.simulator.surfaces import Surface, SurfaceKind
from training.evaluation.centering_scenes import CenteringScene, reference_of, scene_of

Series = Literal["developed", "reported"]
SERIES: Mapping[Series, Mapping[str, tuple[Template, ...]]] = {"developed": DEVELOPED, "reported": REPORTED}
# Pixels per millimetre: the AI camera's live picture is about 7.6; phones from above and close up; scanners.
SCALES = (6.0, 7.6, 10.0, 12.0, 15.0, 25.0)
HOLDERS: tuple[SleeveKind, ...] = ("none", "none", "glossy", "toploader")
GROUNDS: Mapping[str, tuple[SurfaceKind, tuple[int, int, int] | None]] = {
    "dark": ("felt", (30, 29, 28)),
    "white": ("paper", (238, 240, 241)),
    "wood": ("wood", None),
}
_FRAME_MM = 120.0
# The shorter side of the frame that conditions count pixels in.
_CONDITIONS_PX = 1520
_BARE = replace(CLEAN, upright=1.0, print_offset_mm=0.6, px_per_mm=(_CONDITIONS_PX / _FRAME_MM,) * 2)
_PARTICULAR: Mapping[str, Conditions] = {
    "asymmetric": replace(_BARE, print_offset_mm=0.5),
    "black on black": replace(_BARE, low_contrast=1.0),
    "white on paper": replace(_BARE, low_contrast=1.0),
    "foil border": replace(_BARE, glare=0.3, glare_strength=(0.2, 0.7)),
    "tilt 15 to 30 degrees": replace(_BARE, card_tilt_deg=(15.0, 30.0)),
    "soft focus": replace(_BARE, defocus_px=(1.2, 2.2)),
    "penny sleeve with a glare band": replace(_BARE, glare=1.0, glare_strength=(0.3, 0.9)),
}
_CARDS_OF_A_SERIES = 5


def design_jobs(count: int, first_seed: int, series: Series) -> Iterator[tuple[str, int, Series]]:
    """Condition and seed of each of `count` scenes, the conditions in turn."""
    names = list(SERIES[series])
    return ((names[i % len(names)], first_seed + i, series) for i in range(count))


def design_scene(condition: str, seed: int, series: Series) -> CenteringScene:
    """Render one scene with one card of a kind of designs."""
    rng = np.random.default_rng(np.random.SeedSequence([31, seed]))
    px_per_mm, ground = float(rng.choice(SCALES)), str(rng.choice(list(GROUNDS)))
    holder = HOLDERS[int(rng.integers(len(HOLDERS)))]
    if condition == "penny sleeve with a glare band":
        holder = "glossy"
    templates = SERIES[series][condition]
    template = templates[int(rng.integers(len(templates)))]
    design = Design(template=template, seed=int(rng.integers(_CARDS_OF_A_SERIES)))
    size = round(_FRAME_MM * px_per_mm)
    usual = _PARTICULAR.get(condition, _BARE)
    conditions = usual if holder == "none" else replace(usual, sleeve=1.0, sleeves=(holder,))
    scene = random_scene(seed, [design], conditions, (size, size))
    if not conditions.low_contrast:
        scene = _on(scene, ground, seed)
    # A back has one picture for all cards; a front its own.
    found = scene_of(scene, design, condition, seed, _reference(design))
    where = (
        f"{px_per_mm:g} px/mm",
        f"holder: {holder}",
        f"ground: {'its own colour' if conditions.low_contrast else ground}",
    )
    return replace(found, face="back" if template.interior == "back" else "front", strata=where, by_design=True)


def _on(scene: Scene, ground: str, seed: int) -> Scene:
    kind, tone = GROUNDS[ground]
    return replace(scene, surface=Surface(kind=kind, seed=seed, tone=tone))


_reference = lru_cache(maxsize=256)(reference_of)
