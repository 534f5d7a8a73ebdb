"""Names by which cards of one art are kept together, however they are spelled."""

import unicodedata


def art_name(name: str) -> str:
    """A card's name without case, accents, spaces and punctuation: `Misty's` and `Misty’s` are one.

    Symbols such as those of male and female stay. A name of nothing else is as it was.
    """
    parts = unicodedata.normalize("NFKD", name.casefold())
    return "".join(part for part in parts if _tells(unicodedata.category(part))) or name.strip()


def _tells(category: str) -> bool:
    return category[0] in "LN" or category == "So"
