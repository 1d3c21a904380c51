"""Equal files: the first is kept, unless their labels differ."""

import pandas as pd
from covid_xray.dataset.inventory import mark_duplicates


def files(*rows: tuple[str, str | None]) -> pd.DataFrame:
    """Files by path, which begins with the class, and what is equal for equal ones."""
    return pd.DataFrame(
        [
            {"path": path, "label": path.split("/")[0], "pixel_id": same, "reason": None, "detail": None}
            for path, same in rows
        ]
    )


def outcomes(*rows: tuple[str, str | None]) -> dict[str, tuple[str | None, str | None]]:
    marked = mark_duplicates(files(*rows), "pixel_id", "pixels")
    return {row.path: (row.reason, row.detail) for row in marked.itertuples()}


def test_of_equal_files_under_one_label_the_first_is_kept():
    assert outcomes(("A/1", "x"), ("A/2", "y"), ("A/3", "x")) == {
        "A/1": (None, None),
        "A/2": (None, None),
        "A/3": ("duplicate", "same pixels as A/1"),
    }


def test_of_equal_files_under_two_labels_none_is():
    conflict = ("label_conflict", "the same pixels are in the class folders A, B")
    assert outcomes(("A/1", "x"), ("A/2", "x"), ("B/1", "x")) == dict.fromkeys(
        ("A/1", "A/2", "B/1"), conflict
    )


def test_files_of_which_that_is_not_known_are_no_duplicates():
    for same in (None, float("nan")):
        assert outcomes(("A/1", same), ("B/2", same)) == {"A/1": (None, None), "B/2": (None, None)}
