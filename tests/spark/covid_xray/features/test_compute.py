"""Which rows of `images` are read, of few and of many, and what a network of one's own makes of them."""

import numpy as np
import pytest
from covid_xray.features import compute
from covid_xray.features.compute import features_of, images_with
from sparkdl.images import to_input

from tests.models import save_model


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


def test_a_model_in_a_file_is_a_network_like_any_other(ingested, tables, few_fits, tmp_path):
    file, ids = tmp_path / "chest cnn.keras", sorted(ingested())[:6]
    model = save_model(file, (64, 64, 1))
    settings = few_fits(networks={"Mine": {"model": str(file), "preprocessing": "unit"}})
    found = features_of(tables, settings, ids, "Mine", file).join(images_with(tables, ids), "image_id")
    rows = found.select("features", "content").collect()
    inputs = np.stack([to_input(row.content, 64, settings.scale_hint)[:, :, :1] for row in rows])
    expected = model(inputs.astype(np.float32) / 255).numpy().reshape(6, -1)
    features = [np.frombuffer(row.features, "<f4") for row in rows]
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)
