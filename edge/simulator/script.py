"""What happens on the live bench, and when: cards arrive by hand, rest, are swapped, move on and leave.

Time is in seconds. A bench plays one episode after the other; each starts and ends with an empty bench and depends on
the seed and its own number only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from edge.geometry import CARD_HEIGHT_MM
from edge.simulator.camera import Pose
from edge.simulator.conditions import Conditions
from edge.simulator.finishes import random_finish
from edge.simulator.hand import Hand, random_hand
from edge.simulator.items import Item, PlacedCard, PlacedHand, PlacedProp
from edge.simulator.sets import CardSpec

PLACES_MM = tuple((x, y) for y in (-56.0, 56.0) for x in (-84.0, 0.0, 84.0))
OUTSIDE_MM = 260.0
SLIDE_S = 0.6
GRIP_MM = CARD_HEIGHT_MM / 2 - 12
BENCH_CONDITIONS = Conditions(sleeve=0.3, glare=0.25, glare_strength=(0.15, 0.7))


class Scenario(StrEnum):
    """What a bench plays.

    Attributes:
        DEMO: everything that can happen, with one to five cards.
        RESTING: one card that never moves.
        TURNOVER: a new card every second.
    """

    DEMO = "demo"
    RESTING = "resting"
    TURNOVER = "turnover"


EPISODE_S = {Scenario.DEMO: 14.0, Scenario.RESTING: float("inf"), Scenario.TURNOVER: 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Where a thing is at one moment; between two keys it moves smoothly."""

    time_s: float
    x_mm: float
    y_mm: float
    angle_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A thing with its path; it is on the bench from its first key to its last.

    Attributes:
        item: what it is; its pose gives tilt and height.
        keys: at least two, in order of time.
        shadow_only: only its shadow is seen (a hand that passes above the camera's view).
    """

    item: Item
    keys: tuple[Key, ...]
    shadow_only: bool = False

    def segment(self, time_s: float) -> int | None:
        """Number of the pair of keys around a moment; None when it is not on the bench."""
        if not self.keys[0].time_s <= time_s < self.keys[-1].time_s:
            return None
        return sum(key.time_s <= time_s for key in self.keys) - 1

    def at_rest(self, time_s: float) -> bool:
        """Whether it lies still."""
        segment = self.segment(time_s)
        if segment is None:
            return False
        before, after = self.keys[segment], self.keys[segment + 1]
        return replace(before, time_s=0.0) == replace(after, time_s=0.0)

    def pose(self, time_s: float) -> Pose:
        """Where it is at a moment within its time on the bench."""
        times = [key.time_s for key in self.keys]
        after = min(max(int(np.searchsorted(times, time_s, side="right")), 1), len(times) - 1)
        first, second = self.keys[after - 1], self.keys[after]
        share = min(max((time_s - first.time_s) / (second.time_s - first.time_s), 0.0), 1.0)
        share = share * share * (3 - 2 * share)
        return replace(
            self.item.pose,
            x_mm=first.x_mm + share * (second.x_mm - first.x_mm),
            y_mm=first.y_mm + share * (second.y_mm - first.y_mm),
            angle_deg=first.angle_deg + share * (second.angle_deg - first.angle_deg),
        )


def episode(
    scenario: Scenario, seed: int, number: int, cards: Sequence[CardSpec], unknown: Sequence[CardSpec]
) -> tuple[Actor, ...]:
    """The actors of one episode, bottom to top, with times from its start.

    Args:
        scenario: what is played.
        seed: of the bench.
        number: of the episode, from 0.
        cards: cards of the database.
        unknown: cards that no database knows, shown now and then.
    """
    rng = np.random.default_rng((seed, number))
    if scenario is Scenario.RESTING:
        card = PlacedCard(spec=_pick(rng, cards), pose=Pose())
        key = Key(time_s=0.0, x_mm=0.0, y_mm=0.0, angle_deg=float(rng.normal(0, 5)))
        return (Actor(item=card, keys=(key, replace(key, time_s=float("inf")))),)
    hand = random_hand(rng, 2, length_mm=230.0)
    if scenario is Scenario.TURNOVER:
        card = PlacedCard(spec=_pick(rng, cards), pose=Pose())
        rest = Key(time_s=0.22, x_mm=0.0, y_mm=0.0, angle_deg=_lying(rng))
        return _visit(card, rest, 0.78, hand, slide_s=0.21)
    return _demo_episode(rng, cards, unknown, hand)


def _demo_episode(
    rng: np.random.Generator, cards: Sequence[CardSpec], unknown: Sequence[CardSpec], hand: Hand
) -> tuple[Actor, ...]:
    places = rng.permutation(len(PLACES_MM))
    count = int(rng.integers(1, len(PLACES_MM)))
    visits: list[Actor] = []
    for turn, place in enumerate(places[:count]):
        rest = _rest_key(rng, int(place), 1.0 + 1.1 * turn)
        leaves = EPISODE_S[Scenario.DEMO] - 1.2 - 0.9 * (count - 1 - turn)
        visits += _stay(rng, cards, unknown, hand, (rest, leaves))
    free = int(places[count])
    if count < 3:
        visits[0] = _moved_to(visits[0], _rest_key(rng, free, 6.5))
    elif rng.random() < 0.6:
        visits.insert(0, _coin(rng, free))
    if rng.random() < 0.6:
        visits.append(_brief_touch(rng, hand, PLACES_MM[int(places[0])], 5.0))
    if rng.random() < 0.5:
        passing = PlacedHand(hand=random_hand(rng, 4, length_mm=230.0), pose=Pose(angle_deg=90.0))
        start = Key(time_s=7.5, x_mm=OUTSIDE_MM, y_mm=-40.0, angle_deg=-60.0)
        middle = replace(start, time_s=8.5, x_mm=10.0)
        visits.append(Actor(item=passing, keys=(start, middle, replace(start, time_s=9.8)), shadow_only=True))
    return tuple(sorted(visits, key=lambda actor: isinstance(actor.item, PlacedHand)))


def _stay(
    rng: np.random.Generator,
    cards: Sequence[CardSpec],
    unknown: Sequence[CardSpec],
    hand: Hand,
    times: tuple[Key, float],
) -> list[Actor]:
    """A card comes, may be swapped for another in the same place, and leaves."""
    rest, leaves = times
    if rng.random() > 0.3:
        return list(_visit(_card(rng, cards, unknown), rest, leaves, hand))
    swap = (rest.time_s + leaves) / 2
    second = replace(rest, time_s=swap + SLIDE_S, angle_deg=_lying(rng))
    return [
        *_visit(_card(rng, cards, unknown), rest, swap - 0.1, hand),
        *_visit(_card(rng, cards, unknown), second, leaves, hand),
    ]


def _card(rng: np.random.Generator, cards: Sequence[CardSpec], unknown: Sequence[CardSpec]) -> PlacedCard:
    kind = rng.random()
    spec = None if kind < 0.06 else _pick(rng, unknown if kind < 0.16 else cards)
    return PlacedCard(spec=spec, pose=Pose(), finish=random_finish(rng, spec, Pose(), BENCH_CONDITIONS))


def _pick(rng: np.random.Generator, cards: Sequence[CardSpec]) -> CardSpec:
    return cards[int(rng.integers(len(cards)))]


def _lying(rng: np.random.Generator) -> float:
    """About upright, at times upside down."""
    return float(rng.uniform(-7, 7) + 180 * (rng.random() < 0.3))


def _rest_key(rng: np.random.Generator, place: int, time_s: float) -> Key:
    x, y = np.asarray(PLACES_MM[place]) + rng.uniform(-2, 2, 2)
    return Key(time_s=time_s, x_mm=float(x), y_mm=float(y), angle_deg=_lying(rng))


def _visit(card: PlacedCard, rest: Key, leaves_s: float, hand: Hand, slide_s: float = SLIDE_S) -> tuple[Actor, ...]:
    """A hand slides a card in, lets go, comes back and takes it away."""
    outside = replace(rest, time_s=rest.time_s - slide_s, x_mm=0.7 * rest.x_mm, y_mm=OUTSIDE_MM)
    gone = replace(outside, time_s=leaves_s + slide_s)
    path = (outside, rest, replace(rest, time_s=leaves_s), gone)
    arriving = _gripping(hand, (outside, rest, replace(outside, time_s=rest.time_s + 0.6 * slide_s)))
    back = replace(outside, time_s=leaves_s - 0.6 * slide_s)
    leaving = _gripping(hand, (back, replace(rest, time_s=leaves_s), gone))
    return Actor(item=card, keys=path), arriving, leaving


def _gripping(hand: Hand, keys: tuple[Key, ...]) -> Actor:
    """A hand whose first fingertip lies on the near edge of a card on this path."""
    held = tuple(replace(key, y_mm=key.y_mm + GRIP_MM, angle_deg=0.0) for key in keys)
    return Actor(item=PlacedHand(hand=hand, pose=Pose(lift_mm=4.0)), keys=held)


def _moved_to(card: Actor, target: Key) -> Actor:
    """The same visit, with a move to another place in the middle of it."""
    outside, rest, rest_end, gone = card.keys
    if not rest.time_s + 1 < target.time_s < rest_end.time_s - 1:
        return card
    away = replace(gone, x_mm=0.7 * target.x_mm, angle_deg=target.angle_deg)
    keys = (
        outside,
        rest,
        replace(rest, time_s=target.time_s - 0.8),
        target,
        replace(target, time_s=rest_end.time_s),
        away,
    )
    return replace(card, keys=keys)


def _coin(rng: np.random.Generator, place: int) -> Actor:
    rest = _rest_key(rng, place, 1.5)
    outside = replace(rest, time_s=1.0, y_mm=-OUTSIDE_MM)
    keys = (outside, rest, replace(rest, time_s=12.0), replace(outside, time_s=12.6))
    return Actor(item=PlacedProp(kind="coin", seed=int(rng.integers(2**31)), pose=Pose()), keys=keys)


def _brief_touch(rng: np.random.Generator, hand: Hand, place_mm: tuple[float, float], time_s: float) -> Actor:
    """A finger that covers part of a card for half a second."""
    touch = Key(time_s=time_s, x_mm=place_mm[0] + float(rng.uniform(-12, 12)), y_mm=place_mm[1] + 5.0, angle_deg=0.0)
    away = replace(touch, time_s=time_s - 0.35, y_mm=OUTSIDE_MM)
    keys = (away, touch, replace(touch, time_s=time_s + 0.5), replace(away, time_s=time_s + 0.85))
    return Actor(item=PlacedHand(hand=hand, pose=Pose(lift_mm=4.0)), keys=keys)
