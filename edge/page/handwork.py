"""Pictures on which a person measures a card, and the figures that follow from the lines."""

import json
import tempfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.centering import centering_report
from edge.centering.edges.strips import card_to_image
from edge.centering.figures.by_hand import measured_by_hand
from edge.errors import MeasurementError
from edge.geometry import CARD_HEIGHT_MM, CARD_WIDTH_MM, Image, card_homography, quad_area, transform_points
from edge.imaging.photos import read_photo
from edge.imaging.rectification import rectified_jpeg
from edge.inventory.faces import Corners, Face, FaceName

# layout: what is shown around the card, for outlines that were found too narrow.
_MARGIN_MM = 6.0
# layout: no sharper than the camera saw it, and no coarser than the log's own pictures.
_LEAST_PX_PER_MM, _MOST_PX_PER_MM = 8.0, 16.0
# layout: of a photo; its card has some 20 pixels a millimetre.
_LONGEST_PX = 2400
_JPEG_QUALITY = 92
# layout: where lines lie before somebody places them: the usual border, and within a photo the middle.
_BORDER_MM = 3.0
_SHARE = 0.8


def face_of_frame(face: FaceName, frame: bytes, corners: Corners) -> Face:
    """One side of a card that lies under the camera, upright and with room around it.

    Args:
        face: which side.
        frame: JPEG.
        corners: of the card in it, in pixels.

    Raises:
        MeasurementError: if there is no card at these corners.
    """
    image = _decoded(frame)
    quad = np.asarray(corners, dtype=np.float64)
    scale = np.sqrt(abs(quad_area(quad)) / (CARD_WIDTH_MM * CARD_HEIGHT_MM))
    px = float(np.clip(scale, _LEAST_PX_PER_MM, _MOST_PX_PER_MM))
    width, height = round(CARD_WIDTH_MM * px), round(CARD_HEIGHT_MM * px)
    margin = round(_MARGIN_MM * px)
    shift = np.array([[1.0, 0, margin], [0, 1, margin], [0, 0, 1]])
    matrix = shift @ card_homography(quad, width, height)
    upright = cv2.warpPerspective(image, matrix, (width + 2 * margin, height + 2 * margin), flags=cv2.INTER_LINEAR)
    outer = transform_points(np.asarray(matrix, dtype=np.float64), quad)
    return Face(face=face, jpeg=_encoded(np.asarray(upright, dtype=np.uint8)), outer=_listed(outer))


def face_of_photo(face: FaceName, content: bytes) -> Face:
    """One side of a card in a photo of a phone's; the card is where somebody puts its corners.

    Raises:
        ImageError: if it is no photo that can be read.
    """
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(content)
        file.flush()
        image = read_photo(Path(file.name))
    share = _LONGEST_PX / max(image.shape[:2])
    if share < 1:
        image = np.asarray(cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    height, width = image.shape[:2]
    px = _SHARE * min(width / CARD_WIDTH_MM, height / CARD_HEIGHT_MM)
    half = np.array([CARD_WIDTH_MM * px, CARD_HEIGHT_MM * px]) / 2
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return Face(face=face, jpeg=_encoded(image), outer=_listed(np.array([width, height]) / 2 + signs * half))


def face_of_log(jpeg: bytes) -> Face:
    """The front as the log has it: the upright, flat card to its edges."""
    height, width = _decoded(jpeg).shape[:2]
    right, bottom = width - 0.5, height - 0.5
    outer = [(-0.5, -0.5), (right, -0.5), (right, bottom), (-0.5, bottom)]
    return Face(face="front", jpeg=jpeg, outer=outer)


def usual_print(outer: Corners) -> Corners:
    """Where the print's corners are before somebody places them."""
    corners = np.array(
        [
            [_BORDER_MM, _BORDER_MM],
            [CARD_WIDTH_MM - _BORDER_MM, _BORDER_MM],
            [CARD_WIDTH_MM - _BORDER_MM, CARD_HEIGHT_MM - _BORDER_MM],
            [_BORDER_MM, CARD_HEIGHT_MM - _BORDER_MM],
        ]
    )
    return _listed(transform_points(card_to_image(np.asarray(outer, dtype=np.float64)), corners))


def size_of(face: Face) -> tuple[int, int]:
    """Width and height of its picture, in pixels."""
    height, width = _decoded(face.jpeg).shape[:2]
    return width, height


def measured(face: Face, outer: Corners, inner: Corners) -> Face:
    """The same with lines that a person has placed, and what follows from them.

    Raises:
        MeasurementError: if the lines are those of no card.
    """
    centering = measured_by_hand(np.asarray(outer, np.float64), np.asarray(inner, np.float64), face.face)
    report = centering_report(centering).model_dump(mode="json")
    return Face(face=face.face, jpeg=face.jpeg, outer=outer, inner=inner, centering=json.dumps(report))


def flat_picture(face: Face) -> bytes:
    """The upright, flat card to its edges, JPEG, by the corners that were placed."""
    return rectified_jpeg(_decoded(face.jpeg), np.asarray(face.outer, np.float64))


def _decoded(jpeg: bytes) -> Image:
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise MeasurementError("the picture is damaged; take another one")
    return np.asarray(image, dtype=np.uint8)


def _encoded(image: Image) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()


def _listed(points: NDArray[np.float64]) -> Corners:
    return [(round(float(x), 2), round(float(y), 2)) for x, y in points]
