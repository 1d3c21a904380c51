"""Read the CSV files that people bring: one reader for all of them, which guesses nothing about a row."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from covid_xray.errors import DataError

_SEPARATORS = ",;\t"
# A first line in which spreadsheets name the separator.
_NAMED_SEPARATOR = re.compile(r"""("?)sep=([,;\t|])\1[,;\t|]*(?:\r\n|\r|\n|$)""", re.IGNORECASE)
# The longest first: that of UTF-32 begins with that of UTF-16.
_OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_SAVE = 'save it as "CSV UTF-8"'

Cell = str | None


@dataclass(frozen=True)
class CsvTable:
    """The rows of a CSV file.

    Attributes
    ----------
    name : str
        What messages call the file: its path.
    columns : tuple of str
        Names from the header without blanks around them, in lower case; empty for a column without a name.
    rows : list of list
        Cells without blanks around them, None where nothing is left; as many a row as there are columns.
    lines : list of int
        The line on which each row begins, from 1.
    """

    name: str
    columns: tuple[str, ...]
    rows: list[list[Cell]]
    lines: list[int]

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def column(self, name: str) -> list[Cell]:
        """Return the cells of a column, all None if the file does not have it."""
        if name not in self.columns:
            return [None] * len(self.rows)
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


def read_csv(file: Path, what: str) -> CsvTable:
    """Read a CSV file in UTF-8, with or without a byte-order mark.

    Parameters
    ----------
    what : str
        The kind of file, for the message where it cannot be read: `patients`.

    Raises
    ------
    DataError
        As `parse_csv`, or if the file cannot be read or has another encoding.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read the {what} file {file}: {error.strerror}") from None
    return parse_csv(_decoded(content, str(file)), str(file))


def parse_csv(text: str, name: str) -> CsvTable:
    """Parse a CSV file: its first line is the header, which also tells the separator.

    Separators are commas, semicolons, tabs, or what a first line `sep=` names. Lines end with LF, CRLF or CR;
    fields may be quoted. Rows of blanks alone are passed over.

    Raises
    ------
    DataError
        If there is no header or no row, two columns have one name, or a row has more or fewer fields than
        the header. The message names the line and quotes no cell, which may hold a patient's id.
    """
    text = text.removeprefix("\ufeff")
    named = _NAMED_SEPARATOR.match(text)
    skipped = 1 if named else 0
    text = text[named.end() :] if named else text
    records = _records(text, named[2] if named else _separator(text), name, skipped)
    _, header = next(records, (0, []))
    columns = tuple(cell.strip().lower() for cell in header)
    if not any(columns):
        raise DataError(f"{name} is not a CSV: it is empty; give a file with a header and rows")
    _check_header(columns, name)
    rows: list[list[Cell]] = []
    lines: list[int] = []
    for line, cells in records:
        if len(cells) != len(columns):
            raise DataError(_other_length(name, line, len(cells), len(columns)))
        rows.append([cell.strip() or None for cell in cells])
        lines.append(line)
    if not rows:
        raise DataError(f"{name} has a header and no rows: add the rows, or do without the file")
    return CsvTable(name, columns, rows, lines)


def _decoded(content: bytes, name: str) -> str:
    for mark, encoding in _OTHER_MARKS.items():
        if content.startswith(mark):
            raise DataError(f"{name} is not a CSV file in UTF-8 but in {encoding}: {_SAVE}")
    if b"\0" in content:
        line = _line_at(content[: content.index(b"\0")])
        raise DataError(f"{name}, line {line} has a NUL byte, so it is not a CSV file in UTF-8: {_SAVE}")
    try:
        # Spreadsheets begin the file with a byte-order mark.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = _line_at(content[: error.start])
        raise DataError(
            f"{name} is not a CSV file in UTF-8 (byte {content[error.start]:#04x} in line {line}; "
            f"Windows-1252 or Latin-1, perhaps): {_SAVE}"
        ) from None


def _line_at(before: bytes) -> int:
    """Return the number of the line on which these bytes end."""
    return len(re.findall(rb"\r\n|\r|\n", before)) + 1


def _separator(text: str) -> str:
    """Return the separator that divides the header into most fields; of two, the one that comes first."""
    # Lines as the reader takes them: `splitlines` also splits where no line of a file ends.
    lines = io.StringIO(text, newline="")
    first = next((line for line in lines if line.strip().strip(_SEPARATORS)), "")

    def rank(separator: str) -> tuple[int, int]:
        fields = next(csv.reader([first], delimiter=separator, skipinitialspace=True), [])
        return len(fields), -first.find(separator)

    return max(_SEPARATORS, key=rank)


def _records(text: str, separator: str, name: str, skipped: int) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the line on which each record begins, and its fields; records of blanks alone are left out."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=separator, strict=True, skipinitialspace=True
    )
    while True:
        line = reader.line_num + skipped + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # The reader's words, of which none comes from the file.
            raise DataError(f"{name}, line {line} is not CSV ({error}): correct its quotes") from None
        if "".join(cells).strip():
            yield line, cells


def _check_header(columns: Sequence[str], name: str) -> None:
    for place, column in enumerate(columns):
        if column and column in columns[:place]:
            one, other = columns.index(column) + 1, place + 1
            raise DataError(f"{name}: columns {one} and {other} have the same name: rename or remove one")


def _other_length(name: str, line: int, found: int, expected: int) -> str:
    fields = f"{found} field{'s' * (found != 1)}"
    return (
        f"{name}, line {line} has {fields}, the header has {expected}: put fields that hold a separator in "
        "quotes, and end rows as the header ends"
    )
