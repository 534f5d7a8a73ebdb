"""Layout families: which there are, how often each is used, and how a card is laid out by one of them."""

from collections.abc import Callable

import numpy as np

from edge.simulator import game_families as game
from edge.simulator import picture_families as picture
from edge.simulator.layout import CARD, Composer, Layout
from edge.simulator.sets import CardSpec
from edge.simulator.style import style_of
from edge.simulator.text import Rect


def lay_out(spec: CardSpec) -> Layout:
    """The layout of a card."""
    shape = np.random.default_rng(np.random.SeedSequence([11, spec.style_seed]))
    content = np.random.default_rng(np.random.SeedSequence([12, spec.art_seed]))
    names = list(_FAMILIES)
    weights = np.array([_FAMILIES[name][1] for name in names])
    family = names[int(shape.choice(len(names), p=weights / weights.sum()))]
    compose, _, borderless = _FAMILIES[family]
    bordered = shape.random() >= borderless
    style = style_of(spec, shape, bordered=bordered)
    if style.border is None:
        inner = CARD.inset(2.0)
    else:
        left, top, right, bottom = style.border.widths_mm
        inner = Rect(left, top, CARD.w - left - right, CARD.h - top - bottom)
    composer = Composer(spec, style, shape, content, inner)
    compose(composer)
    return composer.layout()


# name: (how to compose it, share of the styles, share of those that have no border)
_FAMILIES: dict[str, tuple[Callable[[Composer], None], float, float]] = {
    "creature": (game.creature, 0.2, 0.02),
    "spell": (game.spell, 0.14, 0.0),
    "duel": (game.duel, 0.1, 0.0),
    "overlay": (game.overlay, 0.17, 0.6),
    "photo": (picture.photo, 0.08, 0.35),
    "minimal": (picture.minimal, 0.02, 0.3),
    "energy": (picture.energy, 0.03, 0.3),
    "saga": (picture.saga, 0.05, 0.0),
    "tarot": (picture.tarot, 0.05, 0.05),
    "split": (picture.split, 0.04, 0.0),
    "support": (game.support, 0.08, 0.0),
    "orb": (picture.orb, 0.04, 0.05),
}
