"""Measuring by hand, and the report: what is answered, and what a person does in a browser."""

import json

import cv2
import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.edge.page.test_correcting import Desk

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
OUTER = [(150.0, 120.0), (885.0, 140.0), (865.0, 1165.0), (130.0, 1145.0)]
INNER = [(200.0, 160.0), (840.0, 178.0), (822.0, 1125.0), (178.0, 1105.0)]
PHOTO = cv2.imencode(".png", np.full((1300, 1030, 3), 90, np.uint8))[1].tobytes()


@pytest.fixture
def desk(tmp_path, tiny_database):
    desk = Desk(tmp_path, tiny_database, 1)
    yield desk
    desk.close()


@pytest.fixture
def page(desk):
    return desk.page


def give_photo(page, face):
    origin = page.address.rstrip("/")
    return json.loads(page.ask("POST", f"/scans/a/1/{face}/photo", PHOTO, Origin=origin)[2])


def test_a_photo_is_measured_by_hand_front_and_back_and_both_are_in_the_report(page):
    assert page.get("/scans/a/1/front") == {"error": None, "pictured": False}
    lines = json.dumps({"outer": OUTER, "inner": INNER})
    assert "take one first" in page.tell("/scans/a/1/front/lines", lines)["error"]
    given = give_photo(page, "front")
    assert (given["width"], given["height"], given["centering"]) == (1030, 1300, None)
    measured = page.tell("/scans/a/1/front/lines", lines)
    assert measured["centering"]["left_right"][0] > 50
    assert measured["centering"]["notes"][0].startswith("measured by hand")
    give_photo(page, "back")
    assert page.tell("/scans/a/1/back/lines", lines)["centering"]["face"] == "back"
    assert set(page.get("/scans/a/1")["by_hand"]) == {"front", "back"}
    status, headers, text = page.ask("GET", "/scans/a/1/report")
    assert (status, text.count(b"measured by hand</small>"), text.count(b"<section>")) == (200, 2, 3)
    assert b"Front <small>not measured" in text
    assert "sha256-" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert page.tell("/scans/a/1/back/forget", "")["pictured"] is False
    assert set(page.get("/scans/a/1")["by_hand"]) == {"front"}


def test_what_cannot_be_measured_is_refused_in_a_sentence(page):
    origin = page.address.rstrip("/")
    _, _, answer = page.ask("POST", "/scans/a/1/back/photo", "no picture", Origin=origin)
    assert "cannot" in json.loads(answer)["error"] or "not" in json.loads(answer)["error"]
    give_photo(page, "front")
    crossed = json.dumps({"outer": OUTER, "inner": [INNER[0], INNER[2], INNER[1], INNER[3]]})
    assert page.tell("/scans/a/1/front/lines", crossed)["error"].startswith("the lines cross")
    assert page.tell("/scans/a/1/front/lines", "{}")["status"] == 400
    assert "has left" in page.tell("/scans/a/1/front/camera", '{"track": 3}')["error"]
    assert page.ask("GET", "/scans/a/1/side")[0] == 404


def test_lines_are_dragged_under_a_magnifier_undone_and_nudged_by_keyboard(desk):
    give_photo(desk.page, "front")
    browser, driver = desk.browser, desk.browser.driver
    driver.find_element("css selector", ".log .row button").click()
    browser.wait("return document.querySelector('[data-do=hand]')", 5)
    browser.run("document.activeElement.blur()")
    browser.press("h")
    browser.wait("return document.querySelector('.handstage img')?.naturalWidth", 5)
    left = "document.querySelector('[data-handle=inner-left] .drawn')"
    before = browser.run(f"return Number({left}.getAttribute('x1'))")
    handle = driver.find_element("css selector", "[data-handle=inner-left] .grasp")
    ActionChains(driver).click_and_hold(handle).move_by_offset(12, 0).release().perform()
    moved = browser.run(f"return Number({left}.getAttribute('x1'))")
    scale = 1030 / browser.run("return document.querySelector('.handstage svg').getBoundingClientRect().width")
    assert moved - before == pytest.approx(12 * scale, abs=scale)
    assert browser.run("return document.querySelector('.lens').getBoundingClientRect().width") > 100
    browser.run("document.querySelector('[data-do=undo-line]').click()")
    browser.wait(f"return Math.abs(Number({left}.getAttribute('x1')) - {before}) < 0.01", 5)
    browser.run("document.querySelector('[data-handle=inner-left]').focus()")
    driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert browser.run(f"return Number({left}.getAttribute('x1'))") == pytest.approx(before + 1, abs=0.01)
    driver.switch_to.active_element.send_keys("s")
    browser.wait("return document.querySelector('.hand .shares')", 10)
    assert browser.run("return document.querySelectorAll('.handle[tabindex=\"0\"]').length") == 12
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.wait("return !document.querySelector('dialog')", 5)
    browser.wait("return document.querySelector('.record .shares')", 5)
    assert browser.complaints() == []


def test_the_report_is_shown_as_it_is_by_a_browser(desk):
    give_photo(desk.page, "front")
    desk.page.tell("/scans/a/1/front/lines", json.dumps({"outer": OUTER, "inner": INNER}))
    desk.browser.open(f"{desk.page.address}scans/a/1/report")
    desk.browser.wait("return document.querySelector('section svg image')", 5)
    assert desk.browser.run("return getComputedStyle(document.querySelector('main')).display") == "grid"
    assert desk.browser.complaints() == []
