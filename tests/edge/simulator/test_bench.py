import time

import numpy as np
import pytest

from edge.simulator.bench import Bench
from edge.simulator.camera import Pose
from edge.simulator.items import PlacedCard, PlacedHand
from edge.simulator.script import EPISODE_S, Actor, Key, Scenario, episode
from edge.simulator.sets import demo_cards, unknown_cards

SIZE = (480, 480)
FPS = 30.0


def ids(bench: Bench, number: int) -> list[str | None]:
    return [card.card_id for card in bench.truth(number).cards]


@pytest.fixture(scope="module")
def demo() -> Bench:
    return Bench(seed=4, size=SIZE, fps=FPS)


def test_frames_are_the_same_in_any_order(demo: Bench) -> None:
    played = {number: demo.frame(number)[0] for number in range(0, 420, 6)}
    other = Bench(seed=4, size=SIZE, fps=FPS)
    for number in (300, 60, 144):
        assert np.array_equal(other.frame(number)[0], played[number])


def test_frames_have_the_size_asked_for_and_noise_of_their_own() -> None:
    bench = Bench(seed=1, size=(320, 240), scenario=Scenario.RESTING)
    first, second = bench.frame(0)[0], bench.frame(1)[0]
    assert first.shape == (240, 320, 3)
    difference = first.astype(float) - second.astype(float)
    assert 1.0 < difference.std() < 5.0


def test_one_to_five_cards_come_rest_and_leave(demo: Bench) -> None:
    length = int(EPISODE_S[Scenario.DEMO] * FPS)
    counts = [len(ids(demo, number)) for number in range(0, 3 * length, 5)]
    assert counts[0] == 0
    assert 1 <= max(counts) <= 7
    assert len(ids(demo, length)) == 0


def test_demo_cards_come_mostly_from_the_demo_set() -> None:
    cards, unknown = demo_cards(), unknown_cards(40)
    known, strangers = ({card.card_id for card in collection} for collection in (cards, unknown))
    seen: list[PlacedCard] = []
    for number in range(60):
        actors = episode(Scenario.DEMO, 0, number, cards, unknown)
        seen += [actor.item for actor in actors if isinstance(actor.item, PlacedCard)]
    shown = [card.spec.card_id for card in seen if card.spec]
    assert sum(card_id in known for card_id in shown) > 0.75 * len(seen)
    assert any(card_id in strangers for card_id in shown)
    assert any(card.spec is None for card in seen)
    assert any(card.finish.sleeve.kind != "none" for card in seen)


def test_a_resting_card_never_moves() -> None:
    bench = Bench(seed=2, size=SIZE, scenario=Scenario.RESTING)
    quads = [bench.truth(number).cards[0].quad for number in (0, 1, 5000)]
    assert np.array_equal(quads[0], quads[1])
    assert np.array_equal(quads[0], quads[2])
    assert bench.truth(0).cards[0].visible_fraction == 1.0


def test_a_new_card_comes_every_second() -> None:
    bench = Bench(seed=2, size=SIZE, fps=FPS, scenario=Scenario.TURNOVER)
    shown = [ids(bench, round((second + 0.5) * FPS)) for second in range(12)]
    assert all(len(cards) == 1 for cards in shown)
    assert len({cards[0] for cards in shown}) == 12


def test_hands_hide_part_of_a_card_when_it_arrives(demo: Bench) -> None:
    actors = episode(Scenario.DEMO, 4, 0, demo_cards(), unknown_cards(40))
    arrival = min(actor.keys[1].time_s for actor in actors if isinstance(actor.item, PlacedCard))
    touched = min(card.visible_fraction for card in demo.truth(round(arrival * FPS)).cards)
    assert 0.3 < touched < 0.97
    assert any(isinstance(actor.item, PlacedHand) for actor in actors)


def test_an_actor_moves_smoothly_between_its_keys() -> None:
    keys = tuple(Key(time_s=t, x_mm=x, y_mm=0.0, angle_deg=0.0) for t, x in ((0.0, 0.0), (1.0, 10.0), (3.0, 10.0)))
    actor = Actor(item=PlacedCard(spec=None, pose=Pose(lift_mm=2.0)), keys=keys)
    assert [actor.pose(t).x_mm for t in (0.0, 0.5, 1.0, 2.0)] == [0.0, 5.0, 10.0, 10.0]
    assert actor.pose(0.25).x_mm < 2.5
    assert actor.pose(0.25).lift_mm == 2.0
    assert [actor.at_rest(t) for t in (0.5, 1.0, 2.9)] == [False, True, True]
    assert actor.segment(3.0) is None


def test_a_resting_card_costs_little() -> None:
    bench = Bench(seed=3, size=(1280, 1280), scenario=Scenario.RESTING)
    image = np.empty((1280, 1280, 3), np.uint8)
    bench.draw(0, image)
    start = time.process_time()
    for number in range(1, 21):
        bench.draw(number, image)
    assert (time.process_time() - start) / 20 < 0.015
