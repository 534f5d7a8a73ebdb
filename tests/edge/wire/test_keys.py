import json
import stat

import pytest

from edge.errors import ConfigurationError
from edge.wire.keys import KeyFolder, read_client_key


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def keys(tmp_path):
    return KeyFolder(tmp_path / "keys")


def test_a_program_gets_its_keys_and_the_scanner_keeps_the_public_one(keys, tmp_path):
    key = keys.make("phone", tmp_path / "phone.key")
    assert read_client_key(tmp_path / "phone.key") == key
    assert key.server_key == keys.server().public_key
    assert keys.clients()["phone"].public_key == key.public_key
    kept = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    assert all(key.secret_key not in path.read_text() for path in kept)
    assert {mode(path) for path in kept} == {0o640}
    assert mode(tmp_path / "phone.key") == 0o600


def test_the_scanner_keeps_its_own_keys(keys, tmp_path):
    first = keys.make("a", tmp_path / "a.key")
    second = keys.make("b", tmp_path / "b.key")
    assert first.server_key == second.server_key
    assert first.public_key != second.public_key


def test_revoked_is_forgotten(keys, tmp_path):
    keys.make("a", tmp_path / "a.key")
    keys.make("b", tmp_path / "b.key")
    before = keys.version()
    keys.revoke("a")
    assert list(keys.clients()) == ["b"]
    assert keys.version() != before
    with pytest.raises(ConfigurationError, match="no key named a; there are: b"):
        keys.revoke("a")


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".a", "a b", "n" * 65, "a\n"])
def test_names_that_are_none(keys, tmp_path, name):
    with pytest.raises(ConfigurationError, match="is no name for a key"):
        keys.make(name, tmp_path / "a.key")


def test_nothing_is_written_over(keys, tmp_path):
    keys.make("a", tmp_path / "a.key")
    with pytest.raises(ConfigurationError, match="a key named a already"):
        keys.make("a", tmp_path / "other.key")
    with pytest.raises(ConfigurationError, match="cannot be written: File exists"):
        keys.make("b", tmp_path / "a.key")
    assert list(keys.clients()) == ["a"]


def test_what_is_no_key_is_said(keys, tmp_path):
    with pytest.raises(ConfigurationError, match="there are no keys in"):
        keys.server()
    (tmp_path / "a.key").write_text(json.dumps({"name": "a"}))
    with pytest.raises(ConfigurationError, match="is no key that"):
        read_client_key(tmp_path / "a.key")
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_client_key(tmp_path / "none.key")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be made"):
        KeyFolder(tmp_path / "file").make("a", tmp_path / "b.key")
