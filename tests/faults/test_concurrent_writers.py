"""Several processes with Spark sessions of their own write to the same tables at once."""

import time

import pytest

from tests.faults.writer import IMAGES
from tests.same_tables import rows


@pytest.mark.parametrize(
    ("writers", "rounds"),
    [(2, 2), pytest.param(5, 10, marks=pytest.mark.thorough)],
)
def test_no_row_is_lost_or_doubled_and_nobody_hears_of_conflicts(type_command, tmp_path, writers, rounds):
    output = tmp_path / "my output"
    typed = [
        type_command(
            str(output / "warehouse"), str(number), str(rounds), program=("-m", "tests.faults.writer")
        )
        for number in range(writers)
    ]
    while len(list(output.glob("ready-*"))) < writers:
        assert all(one.process.poll() is None for one in typed), [one.said() for one in typed]
        time.sleep(0.1)
    (output / "go").touch()
    for one in typed:
        assert one.process.wait(600) == 0, one.said()
        assert one.said() == ""
    names = [f"network{number}" for number in range(writers)]
    features = rows(output, "features")
    assert len(features) == features["image_id"].nunique() == writers * rounds * IMAGES
    for table, column in (("predictions", "repeat"), ("metrics", "value"), ("runs", "featurized_images")):
        found = rows(output, table)
        assert found["backbone"].tolist() == names and set(found[column]) == {rounds}
    assert set(rows(output, "runs")["status"]) == {"succeeded"}
    refused = rows(output, "quarantine").sort_values("run_id")
    assert refused["run_id"].tolist() == names and set(refused["path"]) == {str(rounds)}
