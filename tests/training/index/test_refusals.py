import argparse
import json
import re
from pathlib import Path

import PIL.Image
import pytest

from edge.database.search import CardDatabase
from edge.embedding.onnx import OnnxEmbedder
from edge.errors import ConfigurationError, DatabaseError, ImageError, ModelError, ScannerError
from tests.training.index.conftest import CARDS, OTHERS, build, image_of
from training.cli import main
from training.index import build as index
from training.index.kept import kept_folder


def corrupt(folder: Path) -> str:
    path = image_of(folder, OTHERS[0].card_id)
    path.write_bytes(path.read_bytes()[:2000])
    return path.name


def not_an_image(folder: Path) -> str:
    path = image_of(folder, OTHERS[0].card_id)
    path.write_bytes(b"text")
    return path.name


def transparent(folder: Path) -> str:
    path = image_of(folder, OTHERS[0].card_id)
    PIL.Image.new("RGBA", (504, 704)).save(path)
    return path.name


def square(folder: Path) -> str:
    path = image_of(folder, OTHERS[0].card_id)
    PIL.Image.new("RGB", (600, 600)).save(path)
    return "600 x 600"


def tiny(folder: Path) -> str:
    PIL.Image.new("L", (1, 1)).save(image_of(folder, OTHERS[0].card_id))
    return "1 x 1"


def wrong_name(folder: Path) -> str:
    PIL.Image.linear_gradient("L").resize((504, 704)).save(folder / "cards" / "charizard.png")
    return r"misnamed files: 1 \(charizard.png\)"


def no_details(folder: Path) -> str:
    PIL.Image.linear_gradient("L").resize((504, 704)).save(folder / "cards" / "new-1_new.png")
    return r"cards without metadata: 1 \(new-1\)"


def no_image(folder: Path) -> str:
    image_of(folder, OTHERS[0].card_id).unlink()
    return rf"cards without an image: 1 \({OTHERS[0].card_id}\)"


def no_images(folder: Path) -> str:
    for path in (folder / "cards").iterdir():
        path.unlink()
    return "holds no card images"


def no_folder(folder: Path) -> str:
    (folder / "cards").rename(folder / "moved")
    return "cards is not a folder"


def no_metadata(folder: Path) -> str:
    (folder / "cards.json").unlink()
    return "cannot read the metadata .*cards.json"


def broken_metadata(folder: Path) -> str:
    (folder / "cards.json").write_text("{")
    return "is not JSON"


def no_list(folder: Path) -> str:
    (folder / "cards.json").write_text('"cards"')
    return "must be one JSON object"


def repeated_entry(folder: Path) -> str:
    text = (folder / "cards.json").read_text()
    (folder / "cards.json").write_text(text[:-1] + f', "{OTHERS[0].card_id}": {{}}}}')
    return rf"more than one entry for 1 of the cards \({OTHERS[0].card_id}\)"


def incomplete_metadata(folder: Path) -> str:
    entries = json.loads((folder / "cards.json").read_text())
    del entries[OTHERS[0].card_id]["set_code"]
    (folder / "cards.json").write_text(json.dumps(entries))
    return rf"entries that were completed: 1 \({OTHERS[0].card_id}: no set_code\)"


def unknown_field(folder: Path) -> str:
    entries = json.loads((folder / "cards.json").read_text())
    entries[OTHERS[0].card_id]["hp"] = 30
    (folder / "cards.json").write_text(json.dumps(entries))
    return r"fields that were ignored: 1 \(hp\)"


def same_image_twice(folder: Path) -> str:
    path = image_of(folder, OTHERS[0].card_id)
    path.with_suffix(".webp").write_bytes(path.read_bytes())
    return "one image in several files: 1"


TOLERABLE = {
    corrupt: ImageError,
    not_an_image: ImageError,
    transparent: ImageError,
    square: ImageError,
    tiny: ImageError,
    wrong_name: ConfigurationError,
    no_details: ConfigurationError,
    no_image: ConfigurationError,
    incomplete_metadata: ConfigurationError,
    unknown_field: ConfigurationError,
    same_image_twice: ConfigurationError,
}
UNUSABLE = (no_images, no_folder, no_metadata, broken_metadata, no_list, repeated_entry)


def refusal(folder: Path, model: Path, error: type[ScannerError], *more: str) -> str:
    """The one sentence with which a build ends that leaves nothing behind but what it has made of usable images."""
    with pytest.raises(error) as caught:
        build(folder, model, *more)
    assert "\n" not in str(caught.value)
    assert {path.name for path in folder.iterdir() if "out" in path.name} <= {kept_folder(folder / "out").name}
    return str(caught.value)


@pytest.mark.parametrize("spoil", UNUSABLE, ids=lambda value: value.__name__)
def test_what_holds_no_cards_is_refused_and_leaves_nothing(folder: Path, model: Path, spoil):
    named = spoil(folder)
    assert re.search(named, refusal(folder, model, ConfigurationError))


@pytest.mark.parametrize("spoil", TOLERABLE, ids=lambda value: value.__name__)
def test_what_cannot_be_used_is_left_out_and_named_and_refused_where_that_is_asked_for(
    folder: Path, model: Path, spoil, capsys
):
    named = spoil(folder)
    assert re.search(named, refusal(folder, model, TOLERABLE[spoil], "--strict"))
    build(folder, model)
    assert re.search(named, capsys.readouterr().out)
    assert json.loads((folder / "out" / "findings.json").read_text())


def test_what_inspect_calls_usable_is_indexed(folder: Path, model: Path, capsys):
    """Every fault at once: both commands say the same of each, and name all."""
    spoilt = [OTHERS[0].card_id, OTHERS[1].card_id]
    not_an_image(folder)
    image_of(folder, spoilt[1]).unlink()
    said = [wrong_name(folder), no_details(folder), unknown_field(folder)]
    command = ["inspect", str(folder / "cards"), "--metadata", str(folder / "cards.json"), "--workers", "1"]
    assert main([*command, "--output", str(folder / "report.json")]) == 0
    capsys.readouterr()
    assert build(folder, model) == 0
    printed = capsys.readouterr().out
    assert all(re.search(each, printed) for each in said)
    inspected = json.loads((folder / "report.json").read_text())
    rows = json.loads((folder / "out" / "index.json").read_text())
    assert {row["card_id"] for row in rows} == set(CARDS) - set(spoilt)
    assert inspected["cards"] == len(CARDS) - 2
    assert inspected["findings"] == json.loads((folder / "out" / "findings.json").read_text())


def test_without_a_single_usable_image_nothing_is_built(folder: Path, model: Path):
    for path in (folder / "cards").iterdir():
        path.write_bytes(b"text")
    assert "5 of 5 card images cannot be used" in refusal(folder, model, ImageError)


def test_a_cards_next_image_takes_the_place_of_one_that_cannot_be_used(folder: Path, model: Path):
    first = image_of(folder, OTHERS[0].card_id)
    first.with_name(f"{OTHERS[0].card_id}_zweite.png").write_bytes(first.read_bytes())
    first.write_bytes(b"text")
    build(folder, model)
    rows = json.loads((folder / "out" / "index.json").read_text())
    assert [row["variant"] for row in rows if row["card_id"] == OTHERS[0].card_id] == [0, 0]
    database = CardDatabase.open(folder / "out", OnnxEmbedder(model).manifest)
    assert database.print_reference(OTHERS[0].card_id) is not None


def test_a_missing_model_and_a_missing_option_are_named(folder: Path, model: Path):
    with pytest.raises(ModelError, match=r"absent\.json"):
        build(folder, folder / "absent.onnx")
    parser = argparse.ArgumentParser()
    index.add_parser(parser.add_subparsers())
    args = parser.parse_args(["index", "--cards", str(folder), "--model", str(model), "--output", str(folder / "out")])
    with pytest.raises(ConfigurationError, match="needs --metadata FILE"):
        args.run(args)


def test_something_else_in_the_outputs_place_is_left_alone(folder: Path, model: Path):
    (folder / "out").mkdir()
    (folder / "out" / "holiday.jpg").write_bytes(b"photo")
    with pytest.raises(DatabaseError, match="is not a card database"):
        build(folder, model)
    assert (folder / "out" / "holiday.jpg").read_bytes() == b"photo"
