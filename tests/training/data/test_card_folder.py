import json
from pathlib import Path

import pytest

from edge.errors import ConfigurationError
from training.data.card_folder import folder_gallery, survey_folder
from training.data.card_list import read_card_list

UUID = "bd8fa327-dd41-4737-8f19-2cf5eb1f7cdd"


def survey(folder: Path, cards: dict[str, dict] | list[dict] | None, *files: str):
    """The survey of empty files: only names are looked at."""
    for number, file in enumerate(files):
        (folder / "cards" / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "cards" / file).write_bytes(b"x" * number)
    if cards is None:
        return survey_folder(folder / "cards", None)
    (folder / "cards.json").write_text(json.dumps(cards))
    return survey_folder(folder / "cards", read_card_list(folder / "cards.json"))


def shown(found, folder: Path) -> dict[str, str]:
    return {str(image.file.relative_to(folder / "cards")): image.card_id for image in found.images}


@pytest.mark.parametrize(
    ("file", "card_id"),
    [
        ("base1-4_Charizard_high.png", "base1-4"),
        ("base1-4.png", "base1-4"),
        ("base1-4 (1).jpg", "base1-4"),
        ("base1-40_Pip.png", "base1-40"),
        ("cel25c-15_A1_Venusaur.png", "cel25c-15_A1"),
        ("cel25c-15_Venusaur.png", "cel25c-15"),
        ("swsh12.5-GG01_Hisuian Voltorb.jpg", "swsh12.5-GG01"),
        ("tk-xy-su-3_Potion_x_high.webp", "tk-xy-su-3"),
        ("exu-!_Unown.png", "exu-!"),
        ("base1/4.webp", "base1-4"),
        ("en/base/base1/4/high.webp", "base1-4"),
        ("base1/4_Charizard.png", "base1-4"),
        (f"{UUID}.jpg", UUID),
        ("lea-232_Black Lotus.jpg", UUID),
        ("my-scans_17.png", "base1-4"),
    ],
)
def test_a_file_shows_the_card_of_the_longest_id_that_its_name_begins_with(tmp_path, file, card_id):
    ids = ("base1-4", "base1-40", "cel25c-15", "cel25c-15_A1", "swsh12.5-GG01", "tk-xy-su-3", "exu-!", UUID)
    cards = {each: {"name": "Pip"} for each in ids}
    cards[UUID] |= {"set_code": "lea", "number": "232"}
    cards["base1-4"]["file"] = "my-scans_17.png"
    assert shown(survey(tmp_path, cards, file), tmp_path) == {file: card_id}


def test_cards_whose_number_has_an_underscore_are_cards_of_their_own(tmp_path):
    cards = {f"cel25c-15_A{number}": {"name": "Pip"} for number in range(1, 5)}
    found = survey(tmp_path, cards, *(f"{card_id}_Pip.png" for card_id in cards))
    assert [(image.card_id, image.variant) for image in found.images] == [(card_id, 0) for card_id in cards]


def test_what_does_not_fit_is_named_and_the_rest_is_taken(tmp_path):
    cards = [{"id": "a1-1", "name": "A"}, {"id": "a1-2", "name": "B"}, {"name": "C"}]
    files = [
        "a1-1_A.jpg",
        "a1-1_A_high.png",
        "a1-1_scan.png",
        "charizard.png",
        "new-1_N.png",
        ".a1-2_B.png",
        "notes.txt",
    ]
    found = survey(tmp_path, cards, *files)
    assert shown(found, tmp_path) == {"a1-1_A_high.png": "a1-1", "a1-1_scan.png": "a1-1"}
    assert [image.variant for image in found.images] == [0, 1]
    assert list(found.metadata) == ["a1-1"]
    findings = found.findings
    assert findings.repeated == (("a1-1_A_high.png", "a1-1_A.jpg"),)
    assert (findings.misnamed, findings.without_metadata) == (("charizard.png",), ("new-1",))
    assert (findings.without_image, len(findings.unusable)) == (("a1-2",), 1)
    for name in ("charizard.png", "new-1", "a1-2", "entry 3", "a1-1_A.jpg"):
        assert name in findings.sentence()


def test_without_a_list_the_names_tell(tmp_path):
    files = ("base1-4_Charizard.png", "base1-5.png", "base2/7/high.webp", f"{UUID}.jpg")
    found = survey(tmp_path, None, *files, "charizard.png")
    assert shown(found, tmp_path) == dict(zip(files, ("base1-4", "base1-5", "base2-7", UUID), strict=True))
    assert found.findings.misnamed == ("charizard.png",)


def test_a_folder_without_a_known_card_is_refused(tmp_path):
    survey(tmp_path, {"a1-1": {"name": "A"}}, "b1-1_B.png")
    with pytest.raises(ConfigurationError, match="b1-1") as caught:
        folder_gallery(tmp_path / "cards", tmp_path / "cards.json")
    assert "\n" not in str(caught.value)


def test_training_says_what_is_left_out(tmp_path, capsys):
    survey(tmp_path, {"a1-1": {"name": "A", "hp": 30}, "a1-2": {"name": "B"}}, "a1-1_A.png")
    images, metadata = folder_gallery(tmp_path / "cards", tmp_path / "cards.json")
    assert [image.card_id for image in images] == list(metadata) == ["a1-1"]
    assert "cards without an image: 1 (a1-2)" in capsys.readouterr().err
