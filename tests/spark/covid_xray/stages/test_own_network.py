"""A network of one's own is one more backbone of a run."""

import numpy as np
import pytest
from covid_xray.stages.featurize import featurize
from covid_xray.stages.train import train
from sparkdl.images import to_input
from sparkdl.weights import sha256_of

from tests.models import save_model

NAME = "ChestCNN"


@pytest.fixture
def networks(tmp_path):
    file = tmp_path / "chest cnn.keras"
    own = {NAME: {"model": str(file), "preprocessing": "unit"}}
    return own, file, save_model(file, (64, 64, 1))


@pytest.mark.thorough
def test_it_is_featurized_and_trained_on(run_ingest, networks, tables, run_id, of_run, said):
    own, file, model = networks
    run_ingest(backbones=(NAME,), tasks=("binary",), networks=own)
    featurize(tables, run_id, NAME, said.append)
    train(tables, run_id, NAME, said.append)
    [row] = of_run("runs")
    assert (row.backbone, row.status, row.weights, row.weights_id) == (
        *(NAME, "succeeded", "file"),
        sha256_of(file),
    )
    stored = tables.matching("features", {"backbone": NAME, "weights_id": row.weights_id})
    [one] = stored.join(tables.read("images").select("image_id", "content"), "image_id").limit(1).collect()
    assert one.preprocessing == "plain.1 SCALE_AREA_AVERAGING own own unit"
    pixels = to_input(one.content, 64, "SCALE_AREA_AVERAGING")[None, :, :, :1].astype(np.float32)
    np.testing.assert_allclose(
        np.frombuffer(one.features, "<f4"), model(pixels / 255).numpy().ravel(), rtol=1e-3, atol=1e-5
    )
    assert {row.backbone for row in of_run("metrics")} == {NAME}
