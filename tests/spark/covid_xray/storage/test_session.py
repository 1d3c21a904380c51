"""Wide rows with the settings of the local session."""

import numpy as np
import pyarrow as pa
from pyarrow import parquet

ROWS, BYTES = 64, 500_000
WRITTEN, READ = 8 << 20, 16 << 20


def test_wide_rows_are_written_and_read_in_small_row_groups(spark, tmp_path):
    random = np.random.default_rng(1)
    table = pa.table({"features": [random.bytes(BYTES) for _ in range(ROWS)]})
    spark.createDataFrame(table).coalesce(1).write.parquet(str(tmp_path / "rows"))
    [file] = (tmp_path / "rows").glob("*.parquet")
    written = parquet.ParquetFile(file).metadata
    assert max(written.row_group(i).num_rows for i in range(written.num_row_groups)) * BYTES <= WRITTEN
    read = spark.read.parquet(str(file)).toArrow()
    assert read.num_rows == ROWS
    # A row group is read with the file split that contains its midpoint.
    assert max(map(len, read["features"].chunks)) * BYTES <= 1.5 * READ
