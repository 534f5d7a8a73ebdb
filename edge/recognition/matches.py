"""The matches of an answer as messages and results list them."""

from edge.recognition.recognition import Recognition
from edge.wire.messages import MatchMessage


def match_messages(recognition: Recognition) -> list[MatchMessage]:
    """The matches of an answer as messages and results list them."""
    matches, belief = recognition.matches, recognition.belief
    probabilities = [None] * len(matches) if belief is None else belief.probabilities
    return [
        MatchMessage(card_id=match.card_id, distance=match.distance, probability=probability)
        for match, probability in zip(matches, probabilities, strict=True)
    ]
