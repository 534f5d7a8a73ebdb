"""What the page serves, and to whom: a request that names another host counts as one from another device."""

import json
import re
import socket
import time

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from edge.page.application import STATIC

pytestmark = pytest.mark.e2e
BEHIND_THE_PASSWORD = (
    "/frame", "/card/ab-7", "/metrics", "/index.html", "/app.js", "/store.js", "/vendor/htm-preact.js", "/login.html",
    "/nothing", "/../page/passwords.py", "/news",
)  # fmt: skip


def socket_to(page, host: str, origin: str | None, **headers):
    connection = socket.create_connection(("127.0.0.1", page.port))
    return connect(f"ws://{host}/news", sock=connection, origin=origin, additional_headers=headers, proxy=None)


@pytest.mark.parametrize("path", BEHIND_THE_PASSWORD)
def test_an_unsigned_peer_is_refused_on_every_path(lonely_page, path):
    status, _, body = lonely_page.ask("GET", path, Host="scanner.lan")
    assert (status, json.loads(body)["error"].split(":")[0]) == (401, "Sign in first")
    assert lonely_page.ask("GET", path, Host="scanner.lan", Cookie="card-scanner=9999999999.00")[0] == 401
    assert lonely_page.ask("GET", path, Host="127.0.0.1", X_Forwarded_For="10.0.0.1")[0] == 401


def test_an_unsigned_websocket_is_refused(lonely_page):
    local = f"127.0.0.1:{lonely_page.port}"
    for host, origin in (("scanner.lan", "http://scanner.lan"), (local, "http://evil.example"), (local, None)):
        with pytest.raises(InvalidStatus), socket_to(lonely_page, host, origin):
            pass


def test_an_unsigned_browser_is_led_to_a_form_that_works(lonely_page):
    status, headers, _ = lonely_page.ask("GET", "/", Host="scanner.lan")
    assert (status, headers["location"]) == (303, "/login")
    for path in ("/login", "/login.js", "/style.css", "/icon.svg"):
        assert lonely_page.ask("GET", path, Host="scanner.lan")[0] == 200


def test_a_code_a_password_and_a_session_from_another_device(lonely_page):
    def sign_in(**given) -> tuple[dict, dict]:
        elsewhere = {"Host": "scanner.lan", "Origin": "http://scanner.lan"}
        _, headers, body = lonely_page.ask("POST", "/login", json.dumps(given), **elsewhere)
        return headers, json.loads(body)

    assert "No password is set yet" in sign_in(password="long enough")[1]["error"]
    code = lonely_page.command("code").split()[0]
    started = time.monotonic()
    assert "wrong or too old" in sign_in(password="long enough", code="2222-2222-2222")[1]["error"]
    assert time.monotonic() - started > 0.9  # the first failure's delay
    headers, answer = sign_in(password="long enough", code=code)
    assert answer == {"error": None}
    assert re.search("HttpOnly; Max-Age=2592000; Path=/; SameSite=strict", headers["set-cookie"])
    cookie = headers["set-cookie"].partition(";")[0]
    for path in ("/", "/metrics", "/app.js"):
        assert lonely_page.ask("GET", path, Host="scanner.lan", Cookie=cookie)[0] == 200
    with socket_to(lonely_page, "scanner.lan", "http://scanner.lan", Cookie=cookie) as news:
        assert json.loads(news.recv())["connection"] == "waiting"
    with pytest.raises(InvalidStatus):
        socket_to(lonely_page, "scanner.lan", "http://evil.example", Cookie=cookie)
    token = lonely_page.command("token").strip()
    assert lonely_page.ask("GET", "/metrics", Host="scanner.lan", Authorization=f"Bearer {token}")[0] == 200
    assert lonely_page.ask("GET", "/metrics", Host="scanner.lan", Authorization="Bearer x")[0] == 401
    assert "not the password" in sign_in(password="wrong wrong")[1]["error"]


def test_a_form_from_another_page_is_refused(lonely_page):
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        assert lonely_page.ask("POST", "/login", "{}", **headers)[0] == 403
    own = f"http://127.0.0.1:{lonely_page.port}"
    assert lonely_page.ask("POST", "/login", "[", Origin=own)[0] == 400
    assert lonely_page.ask("POST", "/login", "x" * 5000, Origin=own)[0] == 413


def test_this_machines_browser_needs_no_password_and_hears_that_there_is_no_scanner(lonely_page):
    status, headers, _ = lonely_page.ask("GET", "/")
    policy = headers["content-security-policy"]
    assert status == 200
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    local = f"127.0.0.1:{lonely_page.port}"
    with socket_to(lonely_page, local, f"http://{local}") as news:
        assert json.loads(news.recv())["connection"] == "waiting"
        assert json.loads(news.recv(timeout=3))["connection"] == "waiting"
    assert b"card_scanner_up 0" in lonely_page.ask("GET", "/metrics")[2]
    assert lonely_page.ask("GET", "/frame")[0] == 204
    assert lonely_page.ask("GET", "/card/ab-7")[0] == 204


def test_the_first_load_is_small_and_names_no_other_host():
    files = [path for path in STATIC.rglob("*") if path.is_file() and path.suffix != ".txt"]
    assert sum(path.stat().st_size for path in files) < 250_000
    for path in files:
        content = re.sub(r"http://www\.w3\.org/\S+", "", path.read_text(encoding="utf-8"))
        assert not re.search(r"https?:/", content), path
    pages = [path.read_text() for path in STATIC.glob("*.html")]
    assert not any(re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=", page) for page in pages)
