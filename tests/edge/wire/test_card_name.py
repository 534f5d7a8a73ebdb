import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from edge.files.printing import printable
from edge.wire.card_name import CardName

NAME = TypeAdapter(CardName)


@given(st.text(max_size=130))
def test_a_name_is_shown_as_it_is_or_refused(text):
    try:
        name = NAME.validate_python(text)
    except ValidationError:
        return
    assert 0 < len(name) <= 100
    assert name.isprintable()
    assert printable(name) == name
    assert name == " ".join(name.split())
    assert NAME.validate_python(name) == name
    assert name.encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "a" * 101,
        "a\x1b[2Jb",
        "safe\u202egnp",
        "a\u200bb",
        "\u2066a",
        "bell\x07",
        "nul\0",
        "\ud800",
        "\u061cb",
    ],
)
def test_names_that_mislead_are_refused(text):
    with pytest.raises(ValidationError, match="name|must|valid"):
        NAME.validate_python(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [("  Nidoran ♂ ", "Nidoran ♂"), ("Misty’s\tTears", "Misty’s Tears"), ("ポケモン", "ポケモン"), ("a\nb", "a b")],
)
def test_names_of_any_script_are_kept(text, name):
    assert NAME.validate_python(text) == name
