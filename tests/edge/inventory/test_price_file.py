import pytest

from edge.errors import ConfigurationError
from edge.inventory.price_file import read_price_file

CARDS = {"base1-4", "base1-5", "tr-7"}


def read(text):
    return read_price_file(
        text, lambda of_set, number: f"{of_set.lower()}-{number.partition('/')[0]}", CARDS.__contains__
    )


@pytest.mark.parametrize(
    "text",
    [
        "card_id,price\nbase1-4,1.50\ntr-7,0\n",
        "\ufeffSet Code;Number;Price\nbase1;4/102;1,50 €\ntr;7;0\n",
        'Name,Market Price (As of 2026-10-08),Card ID\nX,"$1.50",base1-4\n,0,tr-7\n',
    ],
)
def test_cards_and_prices_are_found_by_the_names_of_the_columns(text):
    assert read(text).prices == {("base1-4", ""): "1.50", ("tr-7", ""): "0"}


def test_a_row_without_a_price_is_no_price_of_0_and_unknown_cards_are_told():
    found = read_price_file(
        "card_id,finish,price\nbase1-4,Holo,\nbase1-4,Reverse,2\nzz-1,,3\nbase1-5,,n/a\n,,\n",
        lambda *_: None,
        CARDS.__contains__,
    )
    assert found.prices == {("base1-4", "reverse"): "2"}
    assert found.sentence == "1 price; 2 rows without one; 1 row of cards that the database does not have: zz-1."


@pytest.mark.parametrize("amount", ["-1", "nan", "inf", "a lot"])
def test_what_is_no_price_is_none(amount):
    assert read(f"card_id,price\ntr-7,{amount}\n").prices == {}


@pytest.mark.parametrize("text", ["", "name,price\nX,1\n", "card_id\nbase1-4\n", "set_code,price\nbase1,1\n"])
def test_a_file_without_the_columns_is_refused(text):
    with pytest.raises(ConfigurationError, match="the first line has to name the columns"):
        read(text)
