"""One reader for every CSV: what it takes, and what it refuses in one line."""

import time

import pytest
from covid_xray.dataset.csv_reader import parse_csv, read_csv
from covid_xray.errors import DataError

HEADER = ["label", "filename", "patient_id"]
ROWS = [["C", "a.png", "p1"], ["C", "b.png", "p2"]]
LINES = ["label,filename,patient_id", "C,a.png,p1", "C,b.png,p2"]


@pytest.fixture
def written(tmp_path):
    def write(content):
        file = tmp_path / "people.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    return write


def joined(lines, end="\n"):
    return end.join(lines) + end


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(joined(LINES), id="as written here"),
        pytest.param("\ufeff" + joined(LINES), id="byte-order mark"),
        pytest.param(joined(LINES, "\r\n"), id="CRLF"),
        pytest.param(joined(LINES, "\r"), id="CR"),
        pytest.param("\n".join(LINES), id="no end of the last line"),
        pytest.param(joined(LINES).replace(",", ";"), id="semicolons"),
        pytest.param(joined(LINES).replace(",", "\t"), id="tabs"),
        pytest.param("sep=;\r\n" + joined(LINES, "\r\n").replace(",", ";"), id="a named separator"),
        pytest.param("\ufeffsep=,\r\n" + joined(LINES, "\r\n"), id="mark and named separator"),
        pytest.param(joined(["\n", LINES[0], "", LINES[1], ",,", "  ", LINES[2], "", ""]), id="empty lines"),
        pytest.param(joined(LINES).replace("label,", " Label ,").replace("patient", "Patient"), id="names"),
        pytest.param(joined(LINES).replace("a.png", " a.png  "), id="blanks around values"),
        pytest.param(joined(LINES).replace("a.png", '"a.png"'), id="quotes"),
        pytest.param(joined(LINES).replace(",a.png", ', "a.png"'), id="a blank before a quote"),
    ],
)
def test_the_same_table_is_read_however_it_was_saved(written, text):
    table = read_csv(written(text), "patients")
    assert (list(table.columns), table.rows) == (HEADER, ROWS)


def test_quoted_fields_hold_separators_line_breaks_and_quotes(written):
    table = read_csv(written('label,filename\nC,"a, left\nand ""b"".png"\nD,\n'), "patients")
    assert table.rows == [["C", 'a, left\nand "b".png'], ["D", None]]
    assert table.lines == [2, 4]


def test_a_trailing_separator_of_header_and_rows_is_a_column_without_a_name(written):
    table = read_csv(written(joined(f"{line}," for line in LINES)), "patients")
    assert [row[:3] for row in table.rows] == ROWS and table.column("label") == ["C", "C"]


def test_a_column_that_is_not_there_has_no_values():
    table = parse_csv("a,b\n1,2\n", "x")
    assert "c" not in table and table.column("c") == [None]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (joined([LINES[0], *(f"{line}," for line in LINES[1:])]), "line 2 has 4 fields, the header has 3"),
        (joined([*LINES, "C,a, left.png,p3"]), "line 4 has 4 fields, the header has 3"),
        (joined([*LINES, 'C,"x\ny",p3', "C"]), "line 6 has 1 field, the header has 3"),
        ("sep=;\nlabel;filename\nC\n", "line 3 has 1 field, the header has 2"),
        ("label,filename, Label \nC,a,C\n", "columns 1 and 3 have the same name"),
        ("", "is empty"),
        ("\n  \n,,\n", "is empty"),
        (LINES[0] + "\n", "has a header and no rows"),
        (joined([*LINES[:2], 'C,"b.png,p2', *LINES[1:]]), "line 3 is not CSV"),
        (joined([*LINES[:2], 'C,"b"x.png,p2']), "line 3 is not CSV"),
        (joined([*LINES[:2], f"C,{'x' * 200_000},p2"]), "line 3 is not CSV"),
        (joined(LINES).encode("utf-16"), "not a CSV file in UTF-8 but in UTF-16"),
        (joined(LINES).encode("utf-32"), "not a CSV file in UTF-8 but in UTF-32"),
        (joined(LINES).encode("utf-16-le"), "line 1 has a NUL byte"),
        (joined(LINES).encode().replace(b"b.png", b"b\0.png"), "line 3 has a NUL byte"),
        (joined(LINES).replace("b.", "\xe9.").encode("latin-1"), "not a CSV file in UTF-8 .*0xe9 in line 3"),
        (b"\x89PNG\r\n\x1a\n\0\0", "line 3 has a NUL byte"),
    ],
)
def test_a_file_that_would_be_misread_is_refused_in_one_line(written, content, says):
    with pytest.raises(DataError, match=says) as refusal:
        read_csv(written(content), "patients")
    assert "people.csv" in str(refusal.value) and "\n" not in str(refusal.value)


def test_no_cell_stands_in_a_message(written):
    for text in ("label,filename\nC,roe,p\n", 'label,filename\nC,"roe"x\n', "C,roe,roe\nC,roe,roe\n"):
        with pytest.raises(DataError) as refusal:
            read_csv(written(text), "patients")
        assert "roe" not in str(refusal.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"cannot read the patients file .*none.csv: No such file"):
        read_csv(tmp_path / "none.csv", "patients")


def test_the_rows_of_the_largest_public_dataset_take_less_than_a_second(written):
    rows = (f"No_findings,{n // 4:08d}_{n % 4:03d}.png,p{n // 4}" for n in range(112_120))
    file = written(joined([LINES[0], *rows]))
    start = time.process_time()
    assert len(read_csv(file, "patients").rows) == 112_120
    assert time.process_time() - start < 1
