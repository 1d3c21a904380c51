import pytest
from covid_xray.errors import one_line

# Messages of pyspark 4.1, shortened.
IN_A_WORKER = """
  An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
  File "network.py", line 16, in _load
    raise WeightsError(reason)
sparkdl.errors.WeightsError: vgg16.h5 does not hold the weights of VGG16: empty
"""
DISK = """An error occurred while calling o230.saveAsTable.
: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows.
\tat org.apache.spark.sql.errors.QueryExecutionErrors$.taskFailedWhileWritingRowsError(x.scala:811)
Caused by: org.apache.hadoop.fs.FSError: java.io.IOException: No space left on device
\tat org.apache.hadoop.fs.RawLocalFileSystem.write(x.java:276)
Caused by: java.io.EOFException
"""
KILLED = """An error occurred while calling o107.collectToPython.
: org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 in stage 1.0 failed 1 times: \
org.apache.spark.SparkException: Python worker exited unexpectedly (crashed). Consider setting 'spark.sql...'
Caused by: java.io.EOFException
"""
JAVA_ALONE = """An error occurred while calling o1.x.
: java.lang.IllegalStateException: SparkContext has been shut down
\tat x
"""
STORE = """(raised as a result of Query-invoked autoflush; consider using a session.no_autoflush block)
(sqlite3.OperationalError) database or disk is full
[SQL: UPDATE runs SET status=?, end_time=? WHERE runs.run_uuid = ?]
"""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("first\nsecond"), "first"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (RuntimeError(IN_A_WORKER), "vgg16.h5 does not hold the weights of VGG16: empty"),
        (RuntimeError(DISK), "No space left on device"),
        (RuntimeError(STORE), "sqlite3: database or disk is full"),
        (RuntimeError(JAVA_ALONE), "SparkContext has been shut down"),
    ],
)
def test_the_root_cause_of_an_error_is_returned_as_one_line(error, expected):
    assert one_line(error) == expected


def test_the_message_for_a_killed_worker_names_the_probable_cause():
    assert one_line(RuntimeError(KILLED)).startswith(
        "a Python worker was killed, probably because memory ran out"
    )
