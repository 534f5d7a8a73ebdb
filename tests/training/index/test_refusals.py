import argparse
from pathlib import Path

import PIL.Image
import pytest

from edge.errors import ConfigurationError, DatabaseError, ImageError, ModelError, ScannerError
from tests.training.index.conftest import OTHERS, build, image_of
from training.index import build as index


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


def landscape(folder: Path) -> str:
    path = image_of(folder, OTHERS[0].card_id)
    PIL.Image.new("RGB", (704, 504)).save(path)
    return "704 x 504"


def tiny(folder: Path) -> str:
    PIL.Image.new("L", (1, 1)).save(image_of(folder, OTHERS[0].card_id))
    return "1 x 1"


def wrong_name(folder: Path) -> str:
    PIL.Image.new("RGB", (504, 704)).save(folder / "cards" / "charizard.png")
    return "charizard.png is not named"


def no_details(folder: Path) -> str:
    PIL.Image.new("RGB", (504, 704)).save(folder / "cards" / "new-1_new.png")
    return "says nothing of 1 of the cards .* new-1"


def no_image(folder: Path) -> str:
    image_of(folder, OTHERS[0].card_id).unlink()
    return f"no image of 1 of the cards .* {OTHERS[0].card_id}"


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


def listed_metadata(folder: Path) -> str:
    (folder / "cards.json").write_text("[]")
    return "must be one JSON object"


def incomplete_metadata(folder: Path) -> str:
    (folder / "cards.json").write_text('{"new-1": {"name": "New"}}')
    return "card new-1: set_code: Field required"


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (corrupt, ImageError),
        (not_an_image, ImageError),
        (transparent, ImageError),
        (landscape, ImageError),
        (tiny, ImageError),
        (wrong_name, ConfigurationError),
        (no_details, ConfigurationError),
        (no_image, ConfigurationError),
        (no_images, ConfigurationError),
        (no_folder, ConfigurationError),
        (no_metadata, ConfigurationError),
        (broken_metadata, ConfigurationError),
        (listed_metadata, ConfigurationError),
        (incomplete_metadata, ConfigurationError),
    ],
    ids=lambda value: value.__name__,
)
def test_bad_input_is_one_sentence_and_leaves_nothing(folder: Path, model: Path, spoil, error: type[ScannerError]):
    named = spoil(folder)
    with pytest.raises(error, match=named) as caught:
        build(folder, model)
    assert "\n" not in str(caught.value)
    assert not [path.name for path in folder.iterdir() if "out" in path.name]


def test_a_missing_model_and_a_missing_option_are_named(folder: Path, model: Path):
    with pytest.raises(ModelError, match=r"absent\.json"):
        build(folder, folder / "absent.onnx")
    with pytest.raises(ConfigurationError, match=r"thresholds .*absent\.json"):
        build(folder, model, "--thresholds", str(folder / "absent.json"))
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
