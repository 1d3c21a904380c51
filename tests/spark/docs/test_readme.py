"""The README's example, run as it stands there on pictures that are smaller."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pyspark.sql import SparkSession

from tests.unit.docs.pages import README, blocks

DATA = "out/sample/data"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """Two classes of three small pictures, of which one class is brighter."""
    random = np.random.default_rng(3)
    for shade, label in enumerate(("Covid-19", "No_findings")):
        (tmp_path / label).mkdir()
        for n in range(3):
            pixels = random.integers(0, 100, (40, 40)) + 150 * shade
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / label / f"{n}.png")
    return tmp_path


def test_the_example_counts_predictions_by_label(
    spark: SparkSession, sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = blocks(README, "python")
    assert DATA in example
    exec(compile(example.replace(DATA, str(sample)), README.name, "exec"), {})
    rows = [line.split("|")[1:4] for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in rows[0]] == ["label", "prediction", "count"]
    assert sum(int(count) for *_, count in rows[1:]) == 6
