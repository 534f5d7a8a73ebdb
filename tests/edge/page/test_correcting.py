"""The log in a real browser: correcting, undoing, batches, by touch and by keyboard, on a phone's width."""

from contextlib import closing

import pytest
from selenium.webdriver.common.keys import Keys

from edge.log.file import open_log_as_it_is
from tests.edge.export.conftest import write_scan
from tests.edge.page.browser import Browser
from tests.edge.page.conftest import PageProcess, free_ports

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
THEN = "2026-10-08T09:10:11.123+00:00"


class Desk:
    """A page with cards of an earlier run, and a phone before it."""

    def __init__(self, folder, tiny_database, count: int) -> None:
        self.cards = sorted(tiny_database.cards)
        self.page = PageProcess(folder, *free_ports(2), RECOGNITION__DATABASE=str(tiny_database.database))
        with closing(open_log_as_it_is(self.page.log)) as log:
            log.execute("INSERT INTO session VALUES ('a', 'bench', 'demo', ?, ?)", (THEN, THEN))
            for number in range(count):
                write_scan(log, "a", self.cards[number % 2], THEN, None)
        self.browser = Browser(width=390, height=844)
        self.browser.open(self.page.address)
        self.names("Card")

    def names(self, *wanted: str) -> list[str]:
        """The names in the log, once there are such."""
        shown = "return [...document.querySelectorAll('.log .row strong')].map((each) => each.textContent)"
        begins = " && ".join(f"names[{k}]?.startsWith({name!r})" for k, name in enumerate(wanted))
        self.browser.wait(f"const names = (() => {{ {shown} }})(); return {begins}", 10)
        return self.browser.run(shown)

    def notice(self, begins: str) -> None:
        self.browser.wait(f"return document.getElementById('notice')?.textContent.startsWith({begins!r})", 5)

    def close(self) -> None:
        self.browser.close()
        self.page.stop()


@pytest.fixture
def desk(tmp_path, tiny_database):
    desk = Desk(tmp_path, tiny_database, 3)
    yield desk
    desk.close()


def test_a_card_is_corrected_undone_and_taken_out_by_keyboard_alone(desk):
    one, other, third = (f"Card {card}" for card in desk.cards[:3])
    assert desk.names(one, other, one)
    desk.browser.press("f")
    desk.browser.wait("return document.activeElement.id === 'search'", 5)
    desk.browser.driver.switch_to.active_element.send_keys(desk.cards[2].upper())
    desk.browser.wait(f"return document.querySelector('.search [data-card=\"{desk.cards[2]}\"]')", 5)
    desk.browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    desk.names(third, other, one)
    desk.browser.press(Keys.ESCAPE)
    desk.browser.run("document.activeElement.blur()")
    desk.browser.press("u")
    desk.notice("Undone: ")
    desk.names(one, other, one)
    desk.browser.press("r")
    desk.names(third, other, one)
    desk.browser.press("x")
    desk.browser.wait("return document.querySelector('.row.out')", 5)
    desk.browser.press("u")
    desk.browser.wait("return !document.querySelector('.row.out')", 5)
    desk.browser.press("l")
    desk.browser.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    desk.browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    desk.browser.wait("return document.querySelector('.record')?.dataset.scan === 'a/2'", 5)
    assert [each for each in desk.browser.complaints() if "favicon" not in each] == []


def test_candidates_are_one_tap_away_and_fields_are_kept(desk):
    one, other = (f"Card {card}" for card in desk.cards[:2])
    driver = desk.browser.driver
    driver.find_element("css selector", ".log .row button").click()
    desk.browser.wait("return document.querySelector('.record .candidate')", 5)
    driver.find_element("css selector", "[name=condition]").send_keys("LP")
    desk.browser.wait("return document.querySelector('.row .what .quiet').textContent.includes('LP')", 5)
    driver.find_element("css selector", "[aria-label='One more']").click()
    desk.browser.wait("return document.querySelector('.row .count').textContent === '1 → 3'", 5)
    finish = driver.find_element("css selector", "[name=finish]")
    finish.send_keys("cosmos holo", Keys.TAB)
    desk.browser.wait("return document.querySelector('.row .what .quiet').textContent.includes('cosmos holo')", 5)
    desk.browser.run("document.querySelector('.log [data-do=undo]').click()")
    desk.notice(f"Undone: {one}, finish.")
    desk.names(one, other, one)
    assert desk.browser.run("return document.documentElement.scrollWidth <= innerWidth")


def test_a_batch_is_begun_and_said_above_the_log(desk):
    desk.browser.press("4")
    desk.browser.wait("return document.querySelector('.batch [name=label]')", 5)
    driver = desk.browser.driver
    desk.browser.run("document.querySelector('[value=subtract]').click()")
    driver.find_element("css selector", "[name=label]").send_keys("Box 3", Keys.ENTER)
    desk.browser.wait("return document.querySelector('.batch .quiet').textContent.includes('Taking away, Box 3')", 5)
    desk.browser.run("document.activeElement.blur()")
    desk.browser.press("1")
    desk.browser.wait("return document.querySelector('.batchline')?.textContent === 'Taking away, Box 3'", 5)
    assert desk.browser.run("return document.documentElement.scrollWidth <= innerWidth")


def test_earlier_cards_are_shown_as_far_back_as_one_asks(tmp_path, tiny_database):
    desk = Desk(tmp_path, tiny_database, 130)
    try:
        for count in (60, 120, 130):
            desk.browser.wait(f"return document.querySelectorAll('.log .row').length === {count}", 5)
            desk.browser.run("document.querySelector('.older')?.click()")
        assert not desk.browser.run("return document.querySelector('.older')")
    finally:
        desk.close()
