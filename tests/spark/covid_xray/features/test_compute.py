"""Which rows of `images` are read, of few and of many."""

import pytest
from covid_xray.features import compute
from covid_xray.features.compute import images_with


@pytest.mark.parametrize("listed", [0, 1000])
@pytest.mark.parametrize("wanted", [slice(3, 9), slice(0, 30, 7)])
def test_the_rows_of_exactly_these_images_are_read(ingested, tables, monkeypatch, listed, wanted):
    ids = sorted(ingested())[wanted]
    monkeypatch.setattr(compute, "_LISTED_IDS", listed)
    # In any order.
    rows = images_with(tables, ids[::-1]).select("image_id", "content").collect()
    assert sorted(row.image_id for row in rows) == ids
    assert all(row.content for row in rows)


def test_images_that_are_not_stored_have_no_row(ingested, tables, monkeypatch):
    ids = ingested(images=False)
    monkeypatch.setattr(compute, "_LISTED_IDS", 0)
    assert images_with(tables, ids).isEmpty()
