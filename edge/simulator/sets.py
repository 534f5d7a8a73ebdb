"""Which cards exist: the simulated game's sets, reproducible on every machine and cheap to list.

Six collections are drawn from disjoint seeds, with the same distribution of styles: the demo set that ships with a
database, cards to train on, further ones of which each set has a single template, cards to score networks with, cards
that no database knows, and a game of full size. No two collections share an art, a set code or a card id. Some cards
are reprints: same art, name and layout as an earlier card, another set symbol, set code and number.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from edge.simulator.names import card_name, set_name

DEMO_CARD_COUNT = 2200
FULL_SIZE_CARD_COUNT = 17_592
MOST_PRINTINGS = 40
TYPES = ("Fire", "Water", "Grass", "Storm", "Earth", "Mind", "Shadow", "Metal", "Light", "Spirit")
RARITIES = ("Common", "Uncommon", "Rare", "Ultra Rare", "Secret Rare")

FoilPattern = Literal["rainbow", "cosmos", "stripes", "sparkle"]
FoilArea = Literal["art", "frame", "full"]
_FOIL_PATTERNS: tuple[FoilPattern, ...] = ("rainbow", "cosmos", "stripes", "sparkle")
_FOIL_AREAS: tuple[FoilArea, ...] = ("art", "frame", "full")


@dataclass(frozen=True, slots=True, kw_only=True)
class Foil:
    """Where a card shines and how.

    Attributes:
        pattern: kind of the diffraction pattern.
        area: the part of the card that carries it; `edge.simulator.card.foil_mask` draws it.
    """

    pattern: FoilPattern
    area: FoilArea


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSpec:
    """Everything that determines how one card looks.

    Attributes:
        card_id: `{set_code}-{number}`, unique over all collections.
        name: printed name.
        set_code: lower-case letters and digits.
        set_name: of the set.
        number: collector number, three digits or more.
        set_size: number of cards in the set, printed after the collector number.
        rarity: one of `RARITIES`.
        types: one or two of `TYPES`; the first colours the frame.
        art_seed: determines the art and the text box; shared by reprints only.
        style_seed: determines layout, frame, border and fonts; shared by the cards of a set that look alike.
        symbol_seed: determines the set symbol.
        foil: None for an ordinary card.
        lookalike_of: card id of the original when this is a reprint.
    """

    card_id: str
    name: str
    set_code: str
    set_name: str
    number: str
    set_size: int
    rarity: str
    types: tuple[str, ...]
    art_seed: int
    style_seed: int
    symbol_seed: int
    foil: Foil | None = None
    lookalike_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Collection:
    """One of the six disjoint collections."""

    key: int
    initials: str
    smallest_set: int
    largest_set: int
    reprint_share: float
    first_set: int = 1


_DEMO = _Collection(key=1, initials="ABCDE", smallest_set=110, largest_set=110, reprint_share=0.085)
_TRAINING = _Collection(key=2, initials="FGHIJKLMN", smallest_set=30, largest_set=90, reprint_share=0.03)
_CALIBRATION = _Collection(key=3, initials="OPQRS", smallest_set=30, largest_set=90, reprint_share=0.03)
_UNKNOWN = _Collection(key=4, initials="TUVWXYZ", smallest_set=30, largest_set=90, reprint_share=0.03)
# Set codes with three digits, which the demo set of the same initials has not.
_FULL_SIZE = _Collection(key=5, initials="ABCDE", smallest_set=110, largest_set=110, reprint_share=0.0, first_set=101)
# chosen: a tenth of the cards, as of real games; half of them are of cards that were reprinted before, by which groups
# of 2 to about 40 printings come about (Simon 1955).
_FULL_SIZE_REPRINTS, _REPRINTED_AGAIN = 0.1, 0.5
# The initials are those of the training cards, the seeds those of the full-size game; the sets are numbered apart.
_TEMPLATES = _Collection(
    key=5, initials=_TRAINING.initials, smallest_set=24, largest_set=24, reprint_share=0.0, first_set=5001
)


def demo_cards() -> tuple[CardSpec, ...]:
    """The shipped game: 2,200 cards in 20 sets, at least 160 of them reprints of others."""
    return _cards(_DEMO, DEMO_CARD_COUNT)


def training_cards(count: int) -> tuple[CardSpec, ...]:
    """The first `count` cards to train on."""
    return _cards(_TRAINING, count)


def template_cards(count: int) -> tuple[CardSpec, ...]:
    """The first `count` cards to train on that are hard to tell apart.

    All 24 of a set share layout, frame, type, rarity and foil; they differ in art, text, name and number alone.
    """
    cards = _cards(_TEMPLATES, count)
    first = {card.set_code: card for card in reversed(cards)}
    return tuple(_of_template(card, first[card.set_code]) for card in cards)


def calibration_cards(count: int) -> tuple[CardSpec, ...]:
    """The first `count` cards to score networks with."""
    return _cards(_CALIBRATION, count)


def unknown_cards(count: int) -> tuple[CardSpec, ...]:
    """The first `count` cards that no database knows."""
    return _cards(_UNKNOWN, count)


def full_size_cards(count: int = FULL_SIZE_CARD_COUNT) -> tuple[CardSpec, ...]:
    """The first `count` cards of a game as large as the largest real one, a tenth of them reprints.

    A card has up to 40 printings.
    """
    cards = list(_cards(_FULL_SIZE, count))
    rng = np.random.default_rng(np.random.SeedSequence([_FULL_SIZE.key, 0]))
    originals: list[CardSpec] = []
    printed: Counter[str] = Counter()
    sources: list[CardSpec] = []
    for number, card in enumerate(cards):
        reprinted, again, draw = rng.random() < _FULL_SIZE_REPRINTS, rng.random() < _REPRINTED_AGAIN, rng.random()
        among = sources if again and sources else originals
        source = among[int(draw * len(among))] if among else card
        if reprinted and source.set_code != card.set_code and printed[source.card_id] < MOST_PRINTINGS - 1:
            cards[number] = _reprint(source, card)
            printed[source.card_id] += 1
            sources.append(source)
        else:
            originals.append(card)
    return tuple(cards)


def _cards(collection: _Collection, count: int) -> tuple[CardSpec, ...]:
    cards: list[CardSpec] = []
    reprinted: set[str] = set()
    index = collection.first_set
    while len(cards) < count:
        rng = np.random.default_rng(np.random.SeedSequence([collection.key, index]))
        cards.extend(_one_set(collection, index, cards, reprinted, rng))
        index += 1
    return tuple(cards[:count])


def _one_set(
    collection: _Collection, index: int, earlier: list[CardSpec], reprinted: set[str], rng: np.random.Generator
) -> list[CardSpec]:
    """The cards of set number `index`; adds the originals of its reprints to `reprinted`."""
    size = int(rng.integers(collection.smallest_set, collection.largest_set + 1))
    name = set_name(rng, collection.initials)
    code = f"{name[:3].lower()}{index:02d}"
    styles = _seeds(collection, index, 0, int(rng.integers(3, 7)))
    weights = rng.dirichlet(np.linspace(3, 0.7, len(styles)))
    art_seeds = _seeds(collection, index, 1, size)
    originals = [card for card in earlier if card.lookalike_of is None and card.card_id not in reprinted]
    reprints = round(size * collection.reprint_share) if originals else 0
    sources = [originals[i] for i in rng.choice(len(originals), size=reprints, replace=False)] if reprints else []
    reprinted.update(source.card_id for source in sources)
    positions = dict(zip(rng.choice(size, size=len(sources), replace=False).tolist(), sources, strict=True))
    cards = []
    for position in range(size):
        card = CardSpec(
            card_id=f"{code}-{position + 1:03d}",
            name=card_name(rng),
            set_code=code,
            set_name=name,
            number=f"{position + 1:03d}",
            set_size=size,
            rarity=RARITIES[int(rng.choice(5, p=[0.42, 0.28, 0.18, 0.08, 0.04]))],
            types=_types(rng),
            art_seed=art_seeds[position],
            style_seed=styles[int(rng.choice(len(styles), p=weights))],
            symbol_seed=_seeds(collection, index, 2, 1)[0],
            foil=_foil(rng),
        )
        cards.append(_reprint(positions[position], card) if position in positions else card)
    return cards


def _reprint(original: CardSpec, new: CardSpec) -> CardSpec:
    """`original` as it is printed again in place of `new`."""
    return replace(
        original,
        card_id=new.card_id,
        set_code=new.set_code,
        set_name=new.set_name,
        number=new.number,
        set_size=new.set_size,
        rarity=new.rarity,
        symbol_seed=new.symbol_seed,
        lookalike_of=original.card_id,
    )


def _of_template(card: CardSpec, model: CardSpec) -> CardSpec:
    """`card` printed as `model` is."""
    return replace(card, style_seed=model.style_seed, types=model.types, rarity=model.rarity, foil=model.foil)


def _types(rng: np.random.Generator) -> tuple[str, ...]:
    count = 2 if rng.random() < 0.15 else 1
    return tuple(TYPES[i] for i in rng.choice(len(TYPES), size=count, replace=False))


def _foil(rng: np.random.Generator) -> Foil | None:
    shiny, pattern, area = rng.random(), rng.integers(len(_FOIL_PATTERNS)), rng.integers(len(_FOIL_AREAS))
    return Foil(pattern=_FOIL_PATTERNS[pattern], area=_FOIL_AREAS[area]) if shiny < 0.2 else None


def _seeds(collection: _Collection, set_index: int, purpose: int, count: int) -> list[int]:
    """Seeds that no other collection, set or purpose shares."""
    first = ((collection.key * 100_000 + set_index) * 8 + purpose) * 1_000
    return list(range(first, first + count))
