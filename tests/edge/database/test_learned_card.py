import json
import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge.database.learned_card import LearnedManifest, card_files, decode_view, new_id, read_card
from edge.errors import DatabaseError
from tests.edge.database.learned import learned, picture


def written(folder, **changes):
    card, views = learned()
    place = folder / card.card_id
    place.mkdir()
    for name, content in card_files(card, views).items():
        (place / name).write_bytes(content)
    return card, views, place


@given(st.dictionaries(st.sampled_from([*LearnedManifest.model_fields, "more"]), st.none() | st.integers() | st.text()))
def test_a_manifest_is_whole_or_refused(changes):
    card, views = learned()
    entries = json.loads(card_files(card, views)["manifest.json"])
    assert LearnedManifest.model_validate_json(json.dumps(entries)).card_id == card.card_id
    try:
        manifest = LearnedManifest.model_validate_json(json.dumps(entries | changes))
    except ValidationError:
        return
    assert manifest.card_id.startswith("learned-")
    assert manifest.name.isprintable()


def test_ids_are_of_their_own_kind_and_new_each_time():
    ids = {new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(each) == 20 and each.startswith("learned-") for each in ids)


def test_a_card_is_read_as_it_was_written(tmp_path):
    card, views, place = written(tmp_path)
    again, same_views = read_card(place)
    assert (again.embeddings == card.embeddings).all()
    assert replace(again, embeddings=None) == replace(card, embeddings=None) or again.name == card.name
    assert (again.card_id, again.learned_at, again.print) == (card.card_id, card.learned_at, card.print)
    assert same_views == views
    assert np.abs(decode_view(views[0], card.card_id).astype(int) - picture(1)).mean() < 6
    assert card.details.set_code == "learned"


@pytest.mark.parametrize("name", ["manifest.json", "vectors.bin", "print.webp", "view-1.webp", "view-3.webp"])
@pytest.mark.parametrize("left", [0.0, 0.5, None], ids=["empty", "half", "missing"])
def test_a_torn_file_is_named_with_what_to_do(tmp_path, name, left):
    card, _, place = written(tmp_path)
    if left is None:
        (place / name).unlink()
    else:
        os.truncate(place / name, int(left * (place / name).stat().st_size))
    with pytest.raises(DatabaseError, match=rf"{name}.*learn --remove {card.card_id}"):
        read_card(place)


def test_a_card_in_the_folder_of_another_is_refused(tmp_path):
    _, _, place = written(tmp_path)
    with pytest.raises(DatabaseError, match="is not that of this card"):
        read_card(place.rename(tmp_path / "learned-ffffffffffff"))


def test_vectors_of_another_length_are_refused(tmp_path):
    card, views = learned()
    place = tmp_path / card.card_id
    place.mkdir()
    for name, content in card_files(replace(card, embeddings=2 * card.embeddings), views).items():
        (place / name).write_bytes(content)
    with pytest.raises(DatabaseError, match="not of length 1"):
        read_card(place)


def test_a_view_that_is_no_picture_is_named():
    with pytest.raises(DatabaseError, match="learned-01 is not a picture of a card"):
        decode_view(b"RIFF", "learned-01")
