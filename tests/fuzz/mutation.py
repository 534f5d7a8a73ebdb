"""Damages files as disks, networks and people with an editor do, and as those who mean harm."""

import json
import random
from collections.abc import Callable
from typing import Any

ODD_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)
ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, 10**30, float("nan"), float("inf"), "", "\0", "\ud800", "../x", "/dev/zero", "n" * 300,
    [], {}, [[]], {"": None}, "nan", 0.1,
)  # fmt: skip


def damaged(content: bytes, chance: random.Random) -> bytes:
    """A file after one to eight mishaps, most of them near its start, where headers are."""
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        chance.choice(_MISHAPS)(damaged, chance)
    return bytes(damaged)


def damaged_json(content: bytes, chance: random.Random) -> bytes:
    """A JSON document with some of its values or keys exchanged for odd ones; sometimes its bytes are damaged, too."""
    document = json.loads(content)
    for _ in range(chance.randint(1, 4)):
        document = _exchanged(document, chance)
    encoded = json.dumps(document).encode()
    return damaged(encoded, chance) if chance.random() < 0.2 else encoded


def _exchanged(value: Any, chance: random.Random) -> Any:
    if not value or not isinstance(value, dict | list) or chance.random() < 0.1:
        return chance.choice(ODD_VALUES)
    if isinstance(value, list):
        place = chance.randrange(len(value))
        return [*value[:place], _exchanged(value[place], chance), *value[place + 1 :]]
    key = chance.choice(list(value))
    match chance.randrange(6):
        case 0:
            return {name: each for name, each in value.items() if name != key}
        case 1:
            return value | {str(chance.choice(ODD_VALUES)): value[key]}
        case _:
            return value | {key: _exchanged(value[key], chance)}


def _place(content: bytearray, chance: random.Random) -> int:
    return int(len(content) * chance.random() ** chance.choice((1, 4)))


def _flip(content: bytearray, chance: random.Random) -> None:
    if content:
        content[min(_place(content, chance), len(content) - 1)] ^= 1 << chance.randrange(8)


def _odd_number(content: bytearray, chance: random.Random) -> None:
    place, width = _place(content, chance), chance.choice((1, 2, 4))
    number = chance.choice(ODD_NUMBERS) & (256**width - 1)
    content[place : place + width] = number.to_bytes(width, chance.choice(("big", "little")))


def _cut(content: bytearray, chance: random.Random) -> None:
    del content[_place(content, chance) :]


def _remove(content: bytearray, chance: random.Random) -> None:
    place = _place(content, chance)
    del content[place : place + chance.randint(1, 64)]


def _repeat(content: bytearray, chance: random.Random) -> None:
    place = _place(content, chance)
    content[place:place] = content[place : place + chance.randint(1, 64)] * chance.choice((1, 2, 1000))


def _insert(content: bytearray, chance: random.Random) -> None:
    place = _place(content, chance)
    content[place:place] = chance.randbytes(chance.randint(1, 32))


_MISHAPS: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _odd_number, _cut, _remove, _repeat, _insert)
