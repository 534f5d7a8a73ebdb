import pytest

from edge.wire.keys import KeyFolder, read_client_key


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CARD_SCANNER_PUBLISH__KEYS", str(tmp_path / "keys"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_key_is_made_listed_and_revoked(scanner, folder):
    made = scanner("keys", "make", "phone")
    assert (made.code, made.out) == (
        0,
        "phone.key is what phone needs to connect; whoever has it may, so move it there safely\n",
    )
    key = read_client_key(folder / "phone.key")
    assert scanner("keys", "list").out.split()[:3] == ["phone", key.public_key, "made"]
    assert scanner("keys", "revoke", "phone").out == "phone may connect no longer\n"
    assert scanner("keys", "list").out == ""


def test_the_programs_file_may_lie_elsewhere(scanner, folder):
    assert scanner("keys", "make", "phone", "--output", folder / "a.json").code == 0
    assert read_client_key(folder / "a.json").name == "phone"
    assert list(KeyFolder(folder / "keys").clients()) == ["phone"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["make"], "'keys make' takes the NAME of a program"),
        (["list", "phone"], "'keys list' takes nothing more"),
        (["revoke", "phone"], "there is no key named phone; there are: none"),
        (["make", "../phone"], "is no name for a key"),
    ],
)
def test_what_is_wrong_is_a_sentence(scanner, folder, arguments, sentence):
    outcome = scanner("keys", *arguments)
    assert outcome.code == 2
    assert sentence in outcome.complaint
