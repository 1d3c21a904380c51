import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from covid_xray.storage import frames
from covid_xray.storage.frames import records, split_rows, split_table, to_arrow

SCHEMA = pa.schema([("path", pa.string()), ("fold", pa.int32()), ("p", pa.list_(pa.float64()))])


def part_lengths(rows, max_bytes):
    return [len(part) for part in split_rows(rows, max_bytes)]


def test_rows_that_fit_are_one_part():
    rows = [{"path": "a" * 10}] * 5
    assert list(split_rows(rows)) == [rows]


def test_no_rows_give_one_empty_part():
    assert list(split_rows([])) == [[]]


@pytest.mark.parametrize(
    "value",
    ["x" * 92, b"x" * 92, np.zeros(23, np.float32), [0.5] * 11, ["x" * 38, "y" * 38]],
    ids=["text", "bytes", "array", "numbers", "texts"],
)
def test_the_size_of_a_value_includes_its_elements(value):
    rows = [{"value": value}] * 7
    # Each row is 96 to 100 bytes: three exceed 280.
    assert part_lengths(rows, 280) == [2, 2, 2, 1] and part_lengths(rows, 300) == [3, 3, 1]


def test_a_row_over_the_limit_is_a_part_of_its_own():
    rows = [{"value": "a"}, {"value": "b" * 1000}, {"value": "c"}]
    assert part_lengths(rows, 100) == [1, 1, 1]
    assert [row for part in split_rows(rows, 100) for row in part] == rows


def test_pandas_rows_become_python_values_and_missing_values_become_none():
    frame = pd.DataFrame({"path": ["a", None], "fold": [1.0, np.nan], "n": [3, 4], "p": [[0.5, 0.5], [1.0]]})
    rows = records(frame)
    assert rows == [
        {"path": "a", "fold": 1.0, "n": 3, "p": [0.5, 0.5]},
        {"path": None, "fold": None, "n": 4, "p": [1.0]},
    ]
    assert (type(rows[0]["n"]), type(rows[0]["fold"])) == (int, float)


@pytest.fixture
def table():
    """Seven rows; each path takes 44 bytes with its length, each fold 4, and a list of two numbers 20."""
    frame = pd.DataFrame({"path": [f"{n:040}" for n in range(7)], "fold": [0.0, np.nan, *[1.0] * 5]})
    return to_arrow(frame.assign(p=[[n / 4, 1 - n / 4] for n in range(7)]))


def test_a_text_is_kept_once_however_many_rows_have_it():
    texts = [to_arrow(pd.DataFrame({"path": ["a" * 1000, None] * n})) for n in (1, 100)]
    assert texts[1].nbytes < texts[0].nbytes + 1000
    assert texts[0]["path"].to_pylist() == ["a" * 1000, None]


def test_parts_of_a_table_have_its_rows_in_order_and_at_most_so_many_bytes(table):
    parts = list(split_table(table, SCHEMA, max_bytes=150))
    assert [len(part) for part in parts] == [1, 2, 2, 2]
    assert all(part.schema == SCHEMA and part.nbytes <= 150 for part in parts)
    rows = pa.concat_tables(parts).to_pylist()
    assert rows[1] == {"path": f"{1:040}", "fold": None, "p": [0.25, 0.75]}
    assert [row["path"] for row in rows] == [f"{n:040}" for n in range(7)]
    assert [len(part) for part in split_table(table, SCHEMA, max_bytes=1)] == [1] * 7


def test_a_table_is_never_written_out_as_a_whole(table, monkeypatch):
    monkeypatch.setattr(frames, "_PART_ROWS", 3)
    assert [len(part) for part in split_table(table, SCHEMA)] == [3, 3, 1]


def test_lists_of_a_dictionary_are_put_in_the_places_of_their_numbers():
    schema = pa.schema([("classes", pa.list_(pa.string()))])
    columns = [
        pa.DictionaryArray.from_arrays(pa.array(places, pa.int8()), pa.array(values))
        for places, values in (([1, 0, 1], [["C", "N"], ["P"]]), ([0], [["Q"]]))
    ]
    table = pa.concat_tables([pa.table({"classes": column}) for column in columns])
    (part,) = split_table(table, schema)
    assert part["classes"].to_pylist() == [["P"], ["C", "N"], ["P"], ["Q"]]


def test_a_column_that_a_table_lacks_is_null_and_no_rows_give_one_empty_part(table):
    (part,) = split_table(table.select(["path"]), SCHEMA)
    assert part.schema == SCHEMA and part["p"].null_count == 7
    (empty,) = split_table(to_arrow(pd.DataFrame({"path": []})), SCHEMA)
    assert len(empty) == 0 and empty.schema == SCHEMA
