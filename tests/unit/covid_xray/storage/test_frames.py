import numpy as np
import pandas as pd
import pytest
from covid_xray.storage.frames import records, split_rows


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
