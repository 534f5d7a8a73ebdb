"""The board as a PDF at its true size: black rectangles, a ruler to check the print with, and a line of text."""

from collections.abc import Mapping

from edge.calibration.board import COLUMNS, ROWS, SQUARE_MM, Rectangle, black_rectangles

# The sizes of A4 (ISO 216, 2007) and Letter (ANSI Y14.1, 2012).
PAPERS_MM: Mapping[str, tuple[float, float]] = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
# A point is 1/72 inch (ISO 32000, 2008).
POINTS_PER_MM = 72 / 25.4
# layout: the ruler, and what lies between it, the board and the text.
RULER_MM = 150.0
_GAP_MM = 8
# A comment, by which the file is known.
BOARD_MARK = b"%card-scanner board\n"
_TEXT = "Print at 100 % (actual size). The ruler must measure 150 mm. Glue the board onto something flat."


def board_pdf(paper: str) -> bytes:
    """One page with the board in its middle.

    Args:
        paper: a key of `PAPERS_MM`.
    """
    width, height = PAPERS_MM[paper]
    left, top = (width - COLUMNS * SQUARE_MM) / 2, (height - ROWS * SQUARE_MM) / 2
    marks = [_rectangle(height, (left + x, top + y, w, h)) for x, y, w, h in black_rectangles()]
    below = top + ROWS * SQUARE_MM + _GAP_MM
    marks += [_rectangle(height, mark) for mark in _ruler((width - RULER_MM) / 2, below)]
    text = f"BT /F 8 Tf {left * POINTS_PER_MM:.3f} {(height - below - _GAP_MM) * POINTS_PER_MM:.3f} Td ({_TEXT}) Tj ET"
    return _document((width, height), "\n".join(["0 g", *marks, text]).encode("ascii"))


def _ruler(left: float, top: float) -> list[Rectangle]:
    ticks = [(left + 10.0 * k - 0.1, top - 2.0, 0.2, 2.0) for k in range(int(RULER_MM / 10) + 1)]
    return [(left, top, RULER_MM, 0.2), *ticks]


def _rectangle(page_height: float, mark: Rectangle) -> str:
    """A filled rectangle; PDF counts from the lower left."""
    x, y, w, h = mark
    values = (x, page_height - y - h, w, h)
    return " ".join(f"{value * POINTS_PER_MM:.4f}" for value in values) + " re f"


def _document(size_mm: tuple[float, float], content: bytes) -> bytes:
    """A PDF of one page (ISO 32000-1, 7.5)."""
    box = " ".join(f"{side * POINTS_PER_MM:.4f}" for side in size_mm)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {box}] /Contents 4 0 R "
        "/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>".encode("ascii"),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    document, offsets = b"%PDF-1.4\n" + BOARD_MARK, []
    for number, body in enumerate(objects, 1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    count = len(objects) + 1
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(document))
    return document + b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, table) + trailer
