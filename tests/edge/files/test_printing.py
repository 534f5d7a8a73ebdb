import pytest

from edge.files.printing import printable


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Pip\x1b[2J", r"Pip\u001b[2J"),
        ("Pip\x9b2J", r"Pip\u009b2J"),
        ("Pip\r\nconfirmed", r"Pip\u000d\u000aconfirmed"),
        ("Pip\u2028confirmed", r"Pip\u2028confirmed"),
        ("card\u202egpj.exe", r"card\u202egpj.exe"),
        ("\u2066Pip\u2069", r"\u2066Pip\u2069"),
    ],
)
def test_what_commands_a_terminal_or_turns_the_writing_is_written_out(name, shown):
    assert printable(name) == shown


@pytest.mark.parametrize("name", ["Pokémon", "ピカチュウ", "זאפ", "a  b", "👁\ufe0f"])
def test_letters_of_every_language_stay(name):
    assert printable(name) == name
