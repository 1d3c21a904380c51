"""Several processes with Spark sessions of their own, of which this is one, write to the same tables."""

import pytest

from tests.faults.writer import IMAGES, write
from tests.same_tables import rows


@pytest.fixture
def schema(spark):
    """The session's name for the tables of one test."""
    yield "written"
    spark.sql("DROP SCHEMA spark_catalog.written CASCADE")


@pytest.mark.parametrize(
    ("writers", "rounds"),
    [(2, 1), pytest.param(5, 10, marks=pytest.mark.thorough)],
)
def test_no_row_is_lost_or_doubled_and_nobody_hears_of_conflicts(
    spark, schema, type_command, tmp_path, writers, rounds
):
    output = tmp_path / "my output"
    typed = [
        type_command(
            *map(str, (output / "warehouse", number, writers, rounds)), program=("-m", "tests.faults.writer")
        )
        for number in range(1, writers)
    ]
    write(spark, schema, output / "warehouse", 0, writers, rounds)
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
