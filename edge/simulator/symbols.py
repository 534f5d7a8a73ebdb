"""Small printed symbols: set symbols, type icons and rarity marks.

A glyph is a tuple of outlines in [-1, 1] x [-1, 1]; where outlines overlap they cut holes into each other.
"""

from functools import lru_cache

import numpy as np

from edge.simulator.shapes import Points, bezier, blob, ellipse, gear, mirrored, regular, rosette, smooth, star, turned

Glyph = tuple[Points, ...]

_DROP = smooth(np.array([[0, -1], [0.62, 0.15], [0.6, 0.75], [0, 1], [-0.6, 0.75], [-0.62, 0.15]]), 2)
_BOLT = np.array([[0.25, -1], [-0.6, 0.15], [-0.05, 0.15], [-0.25, 1], [0.6, -0.2], [0.05, -0.2]])
_SHIELD = smooth(np.array([[-0.85, -0.9], [0.85, -0.9], [0.85, 0.1], [0, 1], [-0.85, 0.1]]), 1)
_LEAF_OUTLINE = [[0, -1], [0.75, -0.1], [0.35, 0.7], [0.08, 0.65], [0.1, 1], [-0.1, 1], [-0.08, 0.65], [-0.75, 0]]
_LEAF = smooth(np.array(_LEAF_OUTLINE))
_CROWN = np.array([[-1, -0.6], [-0.5, 0], [0, -0.9], [0.5, 0], [1, -0.6], [0.8, 0.8], [-0.8, 0.8]])
_CROSS = np.array(
    [[-0.3, -1], [0.3, -1], [0.3, -0.3], [1, -0.3], [1, 0.3], [0.3, 0.3], [0.3, 1], [-0.3, 1], [-0.3, 0.3], [-1, 0.3],
     [-1, -0.3], [-0.3, -0.3]]
)  # fmt: skip
_FLAME = smooth(
    np.array([[0, -1], [0.3, -0.4], [0.55, -0.6], [0.75, 0.3], [0.4, 0.95], [-0.4, 0.95], [-0.75, 0.25], [-0.4, -0.3]]),
    2,
)
_MOON = np.concatenate([ellipse(np.zeros(2), 1, 1)[5:32], ellipse(np.array([0.45, 0.0]), 0.75, 0.78)[31:4:-1]])
_EYE = np.concatenate([bezier(np.array([[-1, 0], [0, -1.3], [1, 0]])), bezier(np.array([[1, 0], [0, 1.3], [-1, 0]]))])

TYPE_GLYPHS: dict[str, Glyph] = {
    "Fire": (_FLAME,),
    "Water": (_DROP,),
    "Grass": (_LEAF,),
    "Storm": (_BOLT,),
    "Earth": (regular(3), regular(3) * 0.4),
    "Mind": (_EYE, ellipse(np.zeros(2), 0.32, 0.32)),
    "Shadow": (_MOON,),
    "Metal": (gear(8, 0.3), ellipse(np.zeros(2), 0.35, 0.35)),
    "Light": (star(8, 0.5),),
    "Spirit": (rosette(5, 0.55),),
}

RARITY_GLYPHS: dict[str, Glyph] = {
    "Common": (ellipse(np.zeros(2), 0.7, 0.7),),
    "Uncommon": (regular(4),),
    "Rare": (star(5, 0.42),),
    "Ultra Rare": (star(5, 0.42) * 0.55 + [-0.5, 0], star(5, 0.42) * 0.55 + [0.5, 0]),
    "Secret Rare": (star(4, 0.3), ellipse(np.zeros(2), 0.9, 0.9), ellipse(np.zeros(2), 0.75, 0.75)),
}


@lru_cache(maxsize=512)
def set_glyph(seed: int) -> Glyph:
    """The set symbol that a seed determines: an outline with one or two figures cut out of it or set beside it."""
    rng = np.random.default_rng(np.random.SeedSequence([7, seed]))
    outer = _figure(rng)
    if rng.random() < 0.25:
        second = _figure(rng)
        return (outer * 0.62 + [-0.38, -0.2], second * 0.5 + [0.5, 0.4])
    inner = _figure(rng) * rng.uniform(0.35, 0.55)
    if rng.random() < 0.4:
        return (outer, outer * 0.82, inner)
    return (outer, inner)


def _figure(rng: np.random.Generator) -> Points:
    """One figure in the unit square."""
    turn = rng.choice([0.0, np.pi / 8, np.pi / 2, np.pi])
    figures = (
        lambda: regular(int(rng.integers(3, 7)), turn),
        lambda: star(int(rng.integers(4, 9)), rng.uniform(0.35, 0.7), turn),
        lambda: rosette(int(rng.integers(3, 8)), rng.uniform(0.3, 0.6), turn),
        lambda: gear(int(rng.integers(6, 11)), rng.uniform(0.2, 0.4)),
        lambda: ellipse(np.zeros(2), 1, rng.uniform(0.6, 1)),
        lambda: blob(rng, np.zeros(2), 0.8, 0.8, 0.3),
        lambda: turned(_DROP, turn),
        lambda: turned(_BOLT, turn),
        lambda: turned(_SHIELD, 0),
        lambda: turned(_LEAF, turn),
        lambda: turned(_CROWN, 0),
        lambda: turned(_CROSS, turn),
        lambda: turned(_FLAME, 0),
        lambda: turned(_MOON, turn),
        lambda: turned(_EYE, turn),
        lambda: smooth(np.concatenate([_CROWN, mirrored(_LEAF, 0)[:4] * 0.2]), 0),
    )
    return figures[int(rng.integers(len(figures)))]()
