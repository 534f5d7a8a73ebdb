"""Writes the items into a file of one kind, and says what did not fit."""

import csv
import io
from collections.abc import Iterable

from edge.export.formats import Cells, Collection, Format
from edge.export.items import Item
from edge.export.report import Report
from edge.export.row import Row, UnfitError

# What a spreadsheet takes for a formula where a cell begins with it (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK = "\ufeff"


def write_items(
    items: Iterable[Item], kind: Format, name: str, collection: Collection, *, for_excel: bool = False
) -> tuple[str, Report, list[int]]:
    """The file, the report on it, and the rows of the log that are in it.

    Lines end with CR LF, as RFC 4180 has it. A file for a site has every cell as it is, since the site looks cards up
    by them; one for Excel begins with a byte order mark, and what would be a formula begins with an apostrophe.

    Args:
        items: of the collection.
        kind: of file.
        name: of that kind, for the report.
        collection: what all rows have in common.
        for_excel: it is to be opened in a spreadsheet.
    """
    report, scans, formulas = Report(format=name), [], 0
    output = io.StringIO(newline="")
    output.write(_BYTE_ORDER_MARK * for_excel + kind.before)
    _write(output, kind, kind.columns(collection), quoted=kind.quoted_header)
    for item in items:
        row = Row(item)
        if item.quantity < 0:
            report.left_out.append(row.left_out("more copies were taken away than added"))
            continue
        try:
            cells = kind.cells(row, collection)
        except UnfitError as reason:
            report.left_out.append(row.left_out(str(reason)))
            continue
        formulas += any(cell.startswith(_FORMULA) for cell in cells)
        _write(output, kind, tuple(map(_plain, cells)) if for_excel else cells, quoted=kind.quoted_rows)
        report.changed += row.notes
        report.rows += 1
        report.cards += item.quantity
        scans += item.scans
        for what in item.assumed:
            report.assumed[what] = report.assumed.get(what, 0) + item.quantity
    if formulas and not for_excel:
        report.remarks.append(
            f"{formulas} rows have a cell that a spreadsheet takes for a formula: give the file to the site as it is, "
            "and export with --for-excel for looking at it"
        )
    return output.getvalue(), report, scans


def _write(output: io.StringIO, kind: Format, cells: Cells, *, quoted: bool) -> None:
    csv.writer(
        output,
        delimiter=kind.delimiter,
        quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
        lineterminator="\r\n",
    ).writerow(cells)


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
