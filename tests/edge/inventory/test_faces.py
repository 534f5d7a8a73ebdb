from contextlib import closing

import pytest

from edge.errors import StoreError
from edge.files.sqlite import connect
from edge.inventory.faces import read_faces
from edge.inventory.schema import MIGRATIONS


def test_an_inventory_without_its_table_of_sides_is_told_by_its_name(tmp_path):
    path = tmp_path / "inventory.db"
    with closing(connect(path, MIGRATIONS, wait_s=1)) as connection:
        connection.execute("DROP TABLE face")
    with pytest.raises(StoreError, match=r"inventory\.db cannot be read: no such table"):
        read_faces(path, "a", 1)
