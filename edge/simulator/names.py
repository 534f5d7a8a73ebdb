"""Invented words: names of cards and sets, and the text printed on cards."""

# ruff: noqa: SIM905 - word lists, split at the spaces

import numpy as np

_ONSETS = (
    "b br c ch cl cr d dr f fl g gl gr h j k kl kr l m n p ph pl qu r s sh sk sl sn st str t th tr v w z zy".split()
)
_VOWELS = "a e i o u ai au ea ee ia io oo ou y".split()
_CODAS = ["", "", "", "l", "m", "n", "nd", "ng", "nx", "r", "rk", "rn", "s", "sk", "ss", "st", "t", "th", "x", "z"]
_EPITHETS = (
    "Ancient Arcane Ashen Bitter Blazing Bright Burning Crimson Dark Dire Electric Emerald Fallen Feral Frozen "
    "Gilded Giant Grim Hidden Hollow Iron Jade Little Lone Lost Lunar Mad Mighty Misty Noble Pale Primal Radiant "
    "Raging Rusty Sacred Savage Shadow Shining Silent Silver Sleeping Solar Storm Swift Twin Velvet Wandering "
    "Wild Winter Young"
).split()
_NOUNS = (
    "Archer Beast Blade Blossom Captain Charm Colossus Crown Dragon Drake Druid Elemental Falcon Fox Garden Gate "
    "Ghost Giant Golem Guardian Harbor Healer Herald Hunter Hydra Keeper Knight Lantern Leviathan Lion Mage "
    "Mirror Moth Oracle Phoenix Pilgrim Prince Ranger Raven Relic River Rogue Scholar Scout Seeker Serpent Shaman "
    "Shield Smith Spark Spirit Sprite Star Stone Temple Thief Titan Tower Tyrant Vault Warden Whale Wisp Witch "
    "Wolf Wyrm"
).split()
_RULES = (
    "a all attack at banish battle bench card cards cast choose coin control counter creature damage deals deck "
    "defense destroy discard does draw during each effect end enemy energy equal flip for from gains game hand "
    "has heads hero if in instead into it its life may more next of on one opponent or phase play player put "
    "return reveal search shuffle target that the then this to top turn two until up when whenever with you your "
    "10 20 30 1 2 3"
).split()


def word(rng: np.random.Generator, syllables: int) -> str:
    """An invented lower-case word."""
    parts = [
        _ONSETS[rng.integers(len(_ONSETS))] + _VOWELS[rng.integers(len(_VOWELS))] + _CODAS[rng.integers(len(_CODAS))]
        for _ in range(syllables)
    ]
    return "".join(parts)[:14]


def card_name(rng: np.random.Generator) -> str:
    """The name of a card: letters, spaces, apostrophes and hyphens only."""
    proper = word(rng, int(rng.integers(1, 4))).capitalize()
    epithet = _EPITHETS[rng.integers(len(_EPITHETS))]
    noun = _NOUNS[rng.integers(len(_NOUNS))]
    forms = (
        proper,
        f"{epithet} {proper}",
        f"{epithet} {noun}",
        f"{proper}'s {noun}",
        f"{noun} of {proper}",
        f"{proper} EX",
        f"{proper}, {epithet} {noun}",
        f"{proper} {noun}",
    )
    return forms[rng.choice(len(forms), p=[0.28, 0.12, 0.15, 0.11, 0.1, 0.05, 0.07, 0.12])].replace(",", "")


def set_name(rng: np.random.Generator, initials: str) -> str:
    """The name of a set, starting with one of `initials` (upper case)."""
    initial = initials[rng.integers(len(initials))]
    stem = f"{initial}{_VOWELS[rng.integers(5)]}{word(rng, int(rng.integers(1, 3)))}"
    noun = _NOUNS[rng.integers(len(_NOUNS))]
    return (stem[:11], f"{stem[:9]} {noun}s", f"{stem[:9]} Rising", f"{stem[:9]} Chronicles")[rng.integers(4)]


def sentence(rng: np.random.Generator, words: int) -> str:
    """A sentence of rules words and invented ones."""
    drawn = [_RULES[i] for i in rng.integers(len(_RULES), size=words)]
    if words > 4:
        drawn[int(rng.integers(words))] = word(rng, 2).capitalize()
    return " ".join(drawn).capitalize() + "."


def paragraph(rng: np.random.Generator, words: int) -> str:
    """Sentences of about `words` words in all."""
    sentences = []
    while words > 0:
        length = int(rng.integers(4, 14))
        sentences.append(sentence(rng, min(length, max(words, 3))))
        words -= length
    return " ".join(sentences)
