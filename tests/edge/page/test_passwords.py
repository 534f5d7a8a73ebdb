import pytest
from starlette.datastructures import Headers

from edge.errors import ConfigurationError
from edge.page.access import Delays, is_local, same_origin
from edge.page.passwords import Passwords


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def passwords(tmp_path, clock) -> Passwords:
    return Passwords(tmp_path / "page", clock)


def test_the_set_up_code_sets_the_password_once(passwords):
    code = passwords.new_code()
    assert "wrong or too old" in passwords.set_password("2222-2222-2222", "long enough")
    assert "8 to 256" in passwords.set_password(code, "short")
    assert passwords.set_password(code.lower().replace("-", " "), "long enough") is None
    assert (passwords.is_right("long enough"), passwords.is_right("long enougH")) == (True, False)
    assert "wrong or too old" in passwords.set_password(code, "another one")


def test_a_code_runs_out(passwords, clock):
    code = passwords.new_code()
    clock.now += 3601
    assert passwords.set_password(code, "long enough") is not None


def test_cookies_hold_until_they_run_out_or_the_password_changes(passwords, clock):
    passwords.set_password(passwords.new_code(), "long enough")
    cookie, lasts_s = passwords.cookie()
    until, _, signature = cookie.partition(".")
    assert passwords.holds(cookie)
    for forged in (f"{int(until) + 1}.{signature}", f"{until}.{signature[:-1]}ü", "", ".", "abc.def", f"{until}."):
        assert not passwords.holds(forged)
    clock.now += lasts_s + 1
    assert not passwords.holds(cookie)
    cookie, token = passwords.cookie()[0], passwords.token()
    assert (passwords.holds(cookie), passwords.is_token(token), passwords.is_token("")) == (True, True, False)
    passwords.set_password(passwords.new_code(), "a new password")
    assert (passwords.holds(cookie), passwords.is_token(token)) == (False, False)


def test_files_are_the_owners_alone_and_hold_no_password(passwords, tmp_path):
    passwords.set_password(passwords.new_code(), "long enough")
    passwords.new_code()
    paths = sorted((tmp_path / "page").iterdir())
    assert [path.name for path in paths] == ["code", "password.json"]
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o600, 0o600]
    assert not any("long enough" in path.read_text() for path in paths)


def test_a_damaged_file_is_a_sentence_and_lets_nobody_in(passwords, tmp_path):
    passwords.set_password(passwords.new_code(), "long enough")
    (tmp_path / "page" / "password.json").write_text("{")
    with pytest.raises(ConfigurationError, match="remove it to start anew"):
        passwords.is_right("long enough")


@pytest.mark.parametrize(
    ("peer", "headers", "local"),
    [
        ("127.0.0.1", {"host": "127.0.0.1:8080"}, True),
        ("::1", {"host": "[::1]:8080"}, True),
        ("127.0.0.1", {"host": "localhost"}, True),
        ("192.168.1.7", {"host": "localhost"}, False),
        ("127.0.0.1", {"host": "scanner.lan"}, False),
        ("127.0.0.1", {"host": "[nonsense"}, False),
        ("127.0.0.1", {}, False),
        ("127.0.0.1", {"host": "localhost", "x-forwarded-for": "10.0.0.1"}, False),
        ("127.0.0.1", {"host": "localhost", "forwarded": "for=10.0.0.1"}, False),
        ("127.0.0.1", {"host": "localhost", "via": "1.1 proxy"}, False),
        (None, {"host": "localhost"}, False),
        ("nonsense", {"host": "localhost"}, False),
    ],
)
def test_only_this_machines_own_browser_is_local(peer, headers, local):
    assert is_local(peer, Headers(headers)) is local


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("http://s:1", True),
        ("https://s:1", True),
        ("http://s:2", False),
        ("http://evil", False),
        ("http://[", False),
        ("null", False),
        ("", False),
    ],
)
def test_origin(origin, same):
    assert same_origin(Headers({"host": "s:1", "origin": origin})) is same


def test_who_errs_waits_longer_and_is_never_shut_out():
    delays, waits = Delays(), []
    for _ in range(6):
        waits.append(delays.of("peer"))
        delays.note("peer", right=False)
    assert waits == [0, 1, 2, 4, 8, 8]
    assert delays.of("another") == 0
    delays.note("peer", right=True)
    assert delays.of("peer") == 0
