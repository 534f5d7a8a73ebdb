import base64
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from edge.centering import Centering, centering_report
from edge.centering.figures.by_hand import measured_by_hand
from edge.export.one_card import CardReport, ReportedFace, content_policy, write_report
from tests.edge.page.browser import Browser

OUTER = np.array([[0.0, 0], [503, 0], [503, 703], [0, 703]])
INNER = np.array([[24.0, 20], [487, 20], [487, 675], [24, 675]])
PICTURE = cv2.imencode(".jpg", np.full((704, 504, 3), 90, np.uint8))[1].tobytes()


def measured_centering():
    return centering_report(measured_by_hand(OUTER, INNER, "front"))


def report(*faces, name="Mossy <b>Drake</b>"):
    return CardReport(name=name, place="First Light · 7", facts=["Scanned today"], faces=faces)


def front(**changes):
    return ReportedFace(**({"face": "front", "picture": PICTURE, "centering": measured_centering()} | changes))


class Balanced(HTMLParser):
    """Every tag that is opened is closed, but those that never are."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.feed(text)

    def handle_starttag(self, tag, _):
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_says_what_was_measured_and_is_whole_in_itself():
    refused = centering_report(Centering(figures=None, reason="too few pixels"))
    text = write_report(report(front(), ReportedFace(face="back", picture=None, centering=refused)))
    assert Balanced(text).open == []
    assert "Mossy &lt;b&gt;Drake" in text
    found = measured_centering()
    for said in (
        f"<b>{found.left_right[0]:.1f} / {found.left_right[1]:.1f}</b>",
        *(f"<th>{company}</th>" for company in found.grades),
        "measured automatically",
        "No centering: ",
    ):
        assert said in text
    assert text.count("<circle") == sum(point.width_mm is not None for point in found.points)
    assert re.findall(r"""(?:src|href)=["']?(\w+:)""", text) == ["data:"]
    assert base64.b64encode(PICTURE).decode() in text


def test_a_measurement_by_hand_stands_beside_the_automatic_one_and_says_so():
    text = write_report(report(front(), front(by_hand=True)))
    assert text.index("measured automatically") < text.index("measured by hand")


def test_a_browser_may_use_the_style_sheet_and_nothing_else():
    assert "unsafe" not in content_policy()
    assert "default-src 'none'" in content_policy()


@pytest.mark.e2e
@pytest.mark.parametrize("faces", [1, 2, 3, 4])
@pytest.mark.parametrize("paper", [(8.27, 11.69), (8.5, 11)])
def test_it_prints_to_one_page(tmp_path, faces, paper):
    centering = measured_centering().model_copy(update={"notes": ("other straight edges run around it",)})
    path = tmp_path / "report.html"
    path.write_text(write_report(report(*[front(centering=centering)] * faces)), encoding="utf-8")
    browser = Browser()
    try:
        browser.open(path.as_uri())
        size = {"paperWidth": paper[0], "paperHeight": paper[1], "printBackground": True}
        printed = base64.b64decode(browser.driver.execute_cdp_cmd("Page.printToPDF", size)["data"])
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
        assert browser.complaints() == []
    finally:
        browser.close()
