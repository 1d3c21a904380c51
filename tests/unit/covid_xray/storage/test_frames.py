import numpy as np
import pandas as pd
import pytest
from covid_xray.storage.frames import in_frames, records


def sizes(rows, largest):
    return [len(part) for part in in_frames(rows, largest)]


def test_rows_that_fit_stay_together():
    rows = [{"path": "a" * 10}] * 5
    assert list(in_frames(rows)) == [rows]


def test_no_rows_are_one_empty_part():
    assert list(in_frames([])) == [[]]


@pytest.mark.parametrize(
    "value",
    ["x" * 92, b"x" * 92, np.zeros(23, np.float32), [0.5] * 11, ["x" * 38, "y" * 38]],
    ids=["text", "bytes", "array", "numbers", "texts"],
)
def test_a_value_counts_with_what_it_holds(value):
    rows = [{"value": value}] * 7
    # Each is 96 to 100 bytes: three are too many for 280.
    assert sizes(rows, 280) == [2, 2, 2, 1] and sizes(rows, 300) == [3, 3, 1]


def test_a_row_too_large_for_any_part_is_one_by_itself():
    rows = [{"value": "a"}, {"value": "b" * 1000}, {"value": "c"}]
    assert sizes(rows, 100) == [1, 1, 1]
    assert [row for part in in_frames(rows, 100) for row in part] == rows


def test_rows_of_pandas_become_python_values_and_what_is_missing_none():
    frame = pd.DataFrame({"path": ["a", None], "fold": [1.0, np.nan], "n": [3, 4], "p": [[0.5, 0.5], [1.0]]})
    rows = records(frame)
    assert rows == [
        {"path": "a", "fold": 1.0, "n": 3, "p": [0.5, 0.5]},
        {"path": None, "fold": None, "n": 4, "p": [1.0]},
    ]
    assert (type(rows[0]["n"]), type(rows[0]["fold"])) == (int, float)
