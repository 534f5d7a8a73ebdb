import pytest

from training.data.art_names import art_name


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Misty's Tears", "Misty’s  tears"),
        ("Nidoran ♂", "Nidoran♂"),
        ("Pokémon Center", "Pokemon Center"),
        ("Mr. Mime", "mr mime"),
    ],
)
def test_spellings_of_one_name_are_one(first, second):
    assert art_name(first) == art_name(second)


@pytest.mark.parametrize(
    ("first", "second"), [("Nidoran ♂", "Nidoran ♀"), ("Mew", "Mewtwo"), ("Porygon", "Porygon2"), ("?", "!")]
)
def test_other_names_stay_apart(first, second):
    assert art_name(first) != art_name(second)
