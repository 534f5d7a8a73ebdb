import re

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.calibration import CalibratedLens, read_calibration, write_calibration
from edge.calibration.board import COLUMNS, ROWS, SQUARE_MM, corner_points_mm, find_board
from edge.calibration.measuring import Measurer
from edge.calibration.pdf import PAPERS_MM, POINTS_PER_MM, board_pdf
from edge.calibration.solving import MIN_VIEWS, Picture, calibrate, missing_parts
from edge.calibration.views import is_new, live_views
from edge.centering import Setup
from edge.errors import ConfigurationError, MeasurementError
from edge.frame import Frame
from edge.photo.enlargement import enlarged_points

WIDTH, HEIGHT = 1000, 760
FOCAL, CENTRE = (930.0, 933.0), (508.0, 372.0)
COEFFICIENTS = (-0.16, 0.04, 0.0008, -0.0006, 0.0)
PICTURE = Picture(width=WIDTH, height=HEIGHT, sensor="Maker Model", focus="4.00 mm")


@pytest.fixture(scope="module")
def views(board_pictures):
    return [find_board(picture) for picture in board_pictures]


@pytest.fixture(scope="module")
def solved(views):
    return calibrate(views, PICTURE)


def drawn(pdf, px_per_mm=4):
    """What the PDF's black rectangles look like on its page."""
    width, height = (float(side) / POINTS_PER_MM for side in re.search(rb"MediaBox \[0 0 (\S+) (\S+)\]", pdf).groups())
    page = np.full((round(height * px_per_mm), round(width * px_per_mm)), 255, np.uint8)
    for mark in re.findall(rb"(\S+) (\S+) (\S+) (\S+) re f", pdf):
        x, y, w, h = (float(value) / POINTS_PER_MM for value in mark)
        rows = round((height - y - h) * px_per_mm), round((height - y) * px_per_mm)
        page[rows[0] : rows[1], round(x * px_per_mm) : round((x + w) * px_per_mm)] = 0
    return page, (width, height)


@pytest.mark.parametrize("paper", sorted(PAPERS_MM))
def test_the_printed_board_has_its_true_size(paper):
    page, size_mm = drawn(board_pdf(paper))
    assert size_mm == pytest.approx(PAPERS_MM[paper], abs=0.01)
    found = find_board(cv2.cvtColor(page, cv2.COLOR_GRAY2BGR))
    assert len(found.ids) == (COLUMNS - 1) * (ROWS - 1)
    left, top = (size_mm[0] - COLUMNS * SQUARE_MM) / 2, (size_mm[1] - ROWS * SQUARE_MM) / 2
    expected = (corner_points_mm(found.ids) + [left, top]) * 4 - 0.5
    assert np.abs(found.points_px - expected).max() < 0.6


def test_the_pdf_is_well_formed():
    pdf = board_pdf("a4")
    assert pdf.startswith(b"%PDF-1.4\n")
    assert pdf.endswith(b"%%EOF\n")
    table = int(re.search(rb"startxref\n(\d+)", pdf).group(1))
    assert pdf[table:].startswith(b"xref\n0 5\n")
    for number, offset in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf), 1):
        assert pdf[int(offset) :].startswith(b"%d 0 obj" % number)
    length, stream = re.search(rb"/Length (\d+) >>\nstream\n(.*)\nendstream", pdf, re.DOTALL).groups()
    assert len(stream) == int(length)


def test_the_known_camera_is_found(solved):
    assert solved.reprojection_error_px < 0.15
    assert solved.focal_px == pytest.approx(FOCAL, rel=0.01)
    assert solved.centre_px == pytest.approx(CENTRE, abs=6)
    assert (solved.views, solved.sensor, solved.focus) == (10, "Maker Model", "4.00 mm")
    truth = CalibratedLens(focal_px=FOCAL, centre_px=CENTRE, coefficients=COEFFICIENTS)
    grid = np.stack(np.meshgrid(np.linspace(60, 940, 9), np.linspace(60, 700, 7)), axis=-1).reshape(-1, 2)
    shape = cv2.findHomography(truth.undistorted(grid), solved.lens.undistorted(grid))[0]
    straight = cv2.perspectiveTransform(truth.undistorted(grid)[None], shape)[0]
    assert np.abs(straight - solved.lens.undistorted(grid)).max() < 0.35


@settings(deadline=None)
@given(st.floats(-0.25, 0.25), st.floats(-0.05, 0.05), st.floats(-0.002, 0.002))
def test_distorting_undoes_undistorting(k1, k2, p1):
    lens = CalibratedLens(focal_px=FOCAL, centre_px=CENTRE, coefficients=(k1, k2, p1, -p1, 0.0))
    points = np.array([[0.0, 0], [999, 0], [999, 759], [0, 759], [500, 380]])
    assert lens.distorted(lens.undistorted(points)) == pytest.approx(points, abs=0.05)


def test_too_few_views_are_refused(views):
    with pytest.raises(MeasurementError, match=f"in 3 pictures .* {MIN_VIEWS} are needed"):
        calibrate(views[:3], PICTURE)


def test_a_part_of_the_picture_without_corners_is_named(views):
    with pytest.raises(MeasurementError, match="missing: .*lower right"):
        calibrate([views[0]] * 3 + [views[6]] * 5, Picture(width=2000, height=1520))
    assert missing_parts(views, WIDTH, HEIGHT) == ""


def test_views_without_tilt_are_refused(board_pictures, views):
    flat = [view for view in views if view is not None][:1] * MIN_VIEWS
    with pytest.raises(MeasurementError, match=r"tilted by|seen in"):
        calibrate(flat, PICTURE)


def test_corners_that_fit_no_camera_are_refused(views):
    rng = np.random.default_rng(0)
    wild = [type(v)(ids=v.ids, points_px=v.points_px + rng.normal(0, 4, v.points_px.shape)) for v in views]
    with pytest.raises(MeasurementError, match="reprojection error"):
        calibrate(wild, PICTURE)


def test_no_board_is_seen_in_an_empty_picture():
    assert find_board(np.full((300, 400, 3), 120, np.uint8)) is None


def test_a_calibration_survives_its_file(solved, tmp_path):
    write_calibration(tmp_path / "camera.json", solved)
    assert read_calibration(tmp_path / "camera.json") == solved


@pytest.mark.parametrize("text", ["", "{}", '{"schema_version": 2}'])
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / "camera.json").write_text(text)
    with pytest.raises(ConfigurationError, match="camera.json is not a calibration"):
        read_calibration(tmp_path / "camera.json")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="nothing.json"):
        read_calibration(tmp_path / "nothing.json")


def test_another_camera_or_resolution_is_refused_in_words(solved):
    image, quad = np.zeros((HEIGHT, WIDTH, 3), np.uint8), np.array([[0.0, 0], [300, 0], [300, 420], [0, 420]])
    other = Measurer(setup=Setup(), calibration=solved, sensor="Other Camera")(image, quad, None)
    assert "is for 'Maker Model', this picture is from 'Other Camera'" in other.reason
    small = Measurer(setup=Setup(), calibration=solved)(image[:500], quad, None)
    assert "is for pictures of 1000 x 760 pixels, this one has 1000 x 500" in small.reason
    assert solved.doubts(WIDTH, HEIGHT, "Maker Model") is None
    assert solved.doubts(WIDTH, HEIGHT, None) is None


class Frames:
    """A source of frames."""

    name, live, stills, gives_boxes = "frames", True, False, False

    def __init__(self, images):
        self._images = list(images)

    def read(self):
        image = self._images.pop(0) if self._images else None
        return None if image is None else Frame(frame_id=0, timestamp_ns=0, image=image)

    def close(self):
        self._images.clear()


def test_only_new_views_are_taken_from_a_live_source(board_pictures, views):
    empty = np.full_like(board_pictures[0], 120)
    taken = list(live_views(Frames([empty, *board_pictures[:2], board_pictures[1], board_pictures[3]])))
    shown = [*board_pictures[:2], board_pictures[3]]
    assert all(image is picture for (image, _), picture in zip(taken, shown, strict=True))
    assert not is_new(views[0], views, WIDTH)


def test_a_calibration_holds_for_reduced_pictures(solved):
    points = np.array([[20.0, 30.0], [500.0, 380.0], [960.0, 700.0]])
    small = solved.reduced(4)
    assert (small.width, small.height) == (250, 190)
    assert small.doubts(250, 190, None) is None
    np.testing.assert_allclose(
        enlarged_points(small.lens.undistorted((points + 0.5) / 4 - 0.5), 4), solved.lens.undistorted(points), atol=1e-6
    )
