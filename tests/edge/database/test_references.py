import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from edge.database.bundle import LookalikeGroup, LookalikeMember
from edge.database.references import References, dump_references, names_of, open_references
from edge.errors import DatabaseError
from edge.manifests import DatabaseManifest, Preprocessing, file_sha256

PICTURES = {"references/a.png": b"anchor", "references/1.png": b"one", "references/2.png": b"the second"}
MEMBERS = tuple(LookalikeMember(card_id=str(n), file=f"references/{n}.png") for n in (1, 2))
GROUPS = (LookalikeGroup(anchor="references/a.png", windows=(), members=MEMBERS),)


def manifest_of(bundle: Path, files: Iterable[str]) -> DatabaseManifest:
    return DatabaseManifest(
        name="demo", model_id="model", model_sha256="0" * 64, preprocessing=Preprocessing(width=160, height=224),
        dimension=3, rows=2, cards=2, files={name: file_sha256(bundle / name) for name in files},
    )  # fmt: skip


def opened(bundle: Path, files: dict[str, bytes]) -> References:
    for name, content in files.items():
        (bundle / name).parent.mkdir(exist_ok=True)
        (bundle / name).write_bytes(content)
    return open_references(bundle, manifest_of(bundle, files), GROUPS)


@pytest.fixture
def bundle(tmp_path) -> Path:
    (tmp_path / "bundle").mkdir()
    return tmp_path / "bundle"


@pytest.mark.parametrize("files", [dump_references(PICTURES), PICTURES], ids=["together", "a file each, as once"])
def test_pictures_are_read_also_when_the_bundle_was_replaced(bundle, files):
    references = opened(bundle, files)
    shutil.rmtree(bundle)
    assert {name: references.of(name) for name in names_of(GROUPS)} == PICTURES
    assert all(name in references for name in PICTURES)
    assert "references/3.png" not in references
    with pytest.raises(DatabaseError, match=r"holds no picture references/3\.png"):
        references.of("references/3.png")


def test_pictures_in_one_file_are_not_held(bundle):
    references = opened(bundle, dump_references(PICTURES))
    (bundle / "references.bin").write_bytes(b"ANCHORONETHE SECOND")
    assert references.of("references/1.png") == b"ONE"
    os.truncate(bundle / "references.bin", 12)
    with pytest.raises(DatabaseError, match=r"references/2\.png is gone: references.bin was cut short"):
        references.of("references/2.png")


@pytest.mark.parametrize("place", [[15, 5], [0, 99], [-1, 2], [0], "0"])
def test_a_table_that_leads_elsewhere_is_refused(bundle, place):
    files = dump_references(PICTURES)
    files["references.json"] = json.dumps({"references/a.png": place}).encode()
    with pytest.raises(DatabaseError, match=r"references\.json"):
        opened(bundle, files)


def test_a_gallery_without_look_alikes_has_no_such_files(bundle):
    assert dump_references({}) == {}
    assert "references/a.png" not in open_references(bundle, manifest_of(bundle, ()), ())
