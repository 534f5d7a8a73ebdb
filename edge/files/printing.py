"""Text that comes from files, databases and peers, made safe to show."""

# The control characters of Unicode (C0, DEL, C1), those that turn the direction of writing (Unicode Standard Annex 9)
# and the two that end a line or paragraph; and the surrogates, halves of characters, which no output can encode.
_HALVES = range(0xD800, 0xE000)
_COMMANDING = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    *_HALVES,
)
_WRITTEN = {code: f"\\u{code:04x}" for code in _COMMANDING}


def printable(text: str) -> str:
    """One line that commands no terminal, forges no second line and shows its letters in their order.

    Characters that would are written as Python and JSON write them.
    """
    return text.translate(_WRITTEN)


def counted(number: int, what: str) -> str:
    """So many of these: `1 row`, `2 rows`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
