"""The name of a card as somebody types it."""

from typing import Annotated

from pydantic import AfterValidator

LONGEST_NAME = 100


def _card_name(text: str) -> str:
    """A name in one line, with single spaces, that any terminal and page shows as it is."""
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise ValueError(f"must have 1 to {LONGEST_NAME} characters")
    if not name.isprintable():
        raise ValueError("must hold no characters that are unseen, command a terminal or turn the direction of writing")
    return name


CardName = Annotated[str, AfterValidator(_card_name)]
