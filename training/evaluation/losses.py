"""What keeps known cards from being confirmed by a single look: not being found, their outline, or the decision."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from edge.recognition.belief import Worth
from training.calibration.intervals import counted
from training.evaluation.scenes import CardOutcome

METHOD = "embedder"


def losses_of(cards: Sequence[CardOutcome]) -> dict[str, Any]:
    """The shares of known cards that are confirmed rightly, and that are lost in each way; 1 together.

    A card that is not confirmed is lost by its outline where the true corners would have confirmed it, and refused by
    the decision where they would not have.
    """
    ways: Mapping[str, Callable[[CardOutcome], bool]] = {
        "confirmed": lambda card: _confirmed(card, "detected"),
        "not_found": lambda card: card.corner_error is None,
        "outline": lambda card: _left(card) and _confirmed(card, "true"),
        "decision": lambda card: _left(card) and not _confirmed(card, "true"),
    }
    scenes = np.array([card.scene for card in cards], dtype=np.int64)
    return {name: counted(np.array([is_so(c) for c in cards], dtype=np.bool_), scenes) for name, is_so in ways.items()}


def losses_table(losses: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Condition -> losses, as a table."""
    yield "| condition | confirmed right | not found | lost by the outline | refused by the decision |"
    yield "|---|---|---|---|---|"
    for name, row in losses.items():
        cells = [f"{each['value']:.1%} ({each['hits']}/{each['count']})" for each in row.values() if each["count"]]
        yield f"| {name} | {' | '.join(cells)} |"


def _left(card: CardOutcome) -> bool:
    """Whether it was found and is not confirmed."""
    return card.corner_error is not None and not _confirmed(card, "detected")


def _confirmed(card: CardOutcome, corners: str) -> bool:
    answer = card.answers.get((METHOD, corners))
    return answer is not None and answer.worth is Worth.STRONG and answer.card_ids[0] == card.card_id
