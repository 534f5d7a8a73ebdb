"""Our words for condition, finish and language, and those of each site.

A step that loses something is in `nearest`, and is reported; so is a word that a table does not have.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

CONDITIONS = ("Mint", "NM", "LP", "MP", "HP", "Damaged")
"""The one scale inside."""


class Otherwise(Enum):
    """What becomes of a word that a site does not know."""

    KEEP = auto()
    BLANK = auto()
    LEAVE_OUT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Our word -> a site's.

    Attributes:
        exact: means the same.
        nearest: means something else, and is the nearest.
        otherwise: what becomes of any other word.
    """

    exact: Mapping[str, str]
    nearest: Mapping[str, str] = field(default_factory=dict)
    otherwise: Otherwise = Otherwise.KEEP


_IN_FULL = {
    "NM": "Near Mint",
    "LP": "Lightly Played",
    "MP": "Moderately Played",
    "HP": "Heavily Played",
    "Damaged": "Damaged",
}
_DECKBOX = {"Mint": "Mint", "NM": "Near Mint", "LP": "Good (Lightly Played)", "MP": "Played", "HP": "Heavily Played"}
_EIGHT = {"Mint": "mint", "NM": "near_mint"}

CONDITION_IN_FULL = Words(exact=_IN_FULL, nearest={"Mint": "Near Mint"}, otherwise=Otherwise.LEAVE_OUT)
CONDITION_TCGPLAYER_APP = Words(exact={"Mint": "Mint"} | _IN_FULL, otherwise=Otherwise.LEAVE_OUT)
# 1 MT, 2 NM, 3 EX, 4 GD, 5 LP, 6 PL, 7 PO: one step more than ours, and of other bounds.
CONDITION_CARDMARKET = Words(
    exact={"Mint": "1", "NM": "2"},
    nearest={"LP": "3", "MP": "4", "HP": "6", "Damaged": "7"},
    otherwise=Otherwise.LEAVE_OUT,
)
CONDITION_DRAGONSHIELD = Words(
    exact={"Mint": "Mint", "NM": "NearMint"},
    nearest={"LP": "Excellent", "MP": "Good", "HP": "Played", "Damaged": "Poor"},
    otherwise=Otherwise.LEAVE_OUT,
)
CONDITION_POKECOLLECTOR = Words(
    exact={each: each for each in CONDITIONS[:-1]}, nearest={"Damaged": "HP"}, otherwise=Otherwise.LEAVE_OUT
)
CONDITION_MOXFIELD = Words(exact=_DECKBOX | {"Damaged": "Damaged"}, otherwise=Otherwise.LEAVE_OUT)
CONDITION_DECKBOX = Words(exact=_DECKBOX | {"Damaged": "Poor"}, otherwise=Otherwise.LEAVE_OUT)
CONDITION_MANABOX = Words(
    exact=_EIGHT,
    nearest={"LP": "excellent", "MP": "good", "HP": "played", "Damaged": "poor"},
    otherwise=Otherwise.LEAVE_OUT,
)

_POKEMON = {"normal": "Normal", "holo": "Holofoil", "reverse": "Reverse Holofoil", "foil": "Foil"}
FINISH_COLLECTR = Words(exact=_POKEMON)
FINISH_TCGPLAYER = Words(exact=_POKEMON | {"first edition": "1st Edition"})
FINISH_DRAGONSHIELD = Words(
    exact={"normal": "Normal", "foil": "Foil"}, nearest={"holo": "Foil", "reverse": "Foil", "etched": "Foil"}
)
FINISH_POKECOLLECTOR = Words(
    exact={"normal": "Normal", "holo": "Holo", "reverse": "Reverse Holo", "first edition": "First Edition"},
    otherwise=Otherwise.BLANK,
)
_MAGIC = {"foil": "foil", "etched": "etched"}
FINISH_MOXFIELD = Words(
    exact={"normal": ""} | _MAGIC, nearest={"holo": "foil", "reverse": "foil"}, otherwise=Otherwise.BLANK
)
FINISH_MANABOX = Words(exact={"normal": "normal"} | _MAGIC, nearest={"holo": "foil", "reverse": "foil"})

LANGUAGE_IN_FULL = Words(
    exact={
        "en": "English",
        "fr": "French",
        "de": "German",
        "es": "Spanish",
        "it": "Italian",
        "pt": "Portuguese",
        "ja": "Japanese",
        "ko": "Korean",
        "ru": "Russian",
        "zh-Hans": "Simplified Chinese",
        "zh-Hant": "Traditional Chinese",
    }
)
# Deckbox and TCGplayer call the simplified script by the language's name alone.
LANGUAGE_CHINESE = Words(exact={**LANGUAGE_IN_FULL.exact, "zh-Hans": "Chinese"})
LANGUAGE_MANABOX = Words(
    exact={each: each for each in ("en", "fr", "de", "es", "it", "pt", "ja", "ko", "ru")}
    | {"zh-Hans": "zh_CN", "zh-Hant": "zh_TW"}
)
LANGUAGE_POKECOLLECTOR = Words(
    exact={each: each for each in ("en", "fr", "de", "es", "it", "pt", "ja", "ko", "ru")}
    | {"zh-Hans": "zh-cn", "zh-Hant": "zh-tw"}
)
LANGUAGE_CARDMARKET = Words(
    exact={
        each: str(number)
        for number, each in enumerate(("en", "fr", "de", "es", "it", "zh-Hans", "ja", "pt", "ru", "ko", "zh-Hant"), 1)
    },
    otherwise=Otherwise.LEAVE_OUT,
)
# Of Pokemon, holo is what the product is, and has no flag.
FINISH_CARDMARKET = Words(
    exact={"normal": "", "holo": "", "foil": "foil", "reverse": "reverse", "first edition": "first edition"},
    nearest={"etched": "foil"},
    otherwise=Otherwise.BLANK,
)
