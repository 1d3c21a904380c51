"""What keeps Spark from starting is said in one line, with what to do and where its log is."""

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from covid_xray.errors import EngineError
from covid_xray.storage.engine_start import allow_open_files, check_answers, start_error

GATEWAY = RuntimeError("[JAVA_GATEWAY_EXITED] Java gateway process exited before sending its port number.")


@pytest.fixture
def said(tmp_path):
    """What is said of a start that failed with these lines in its log, after those of an earlier start."""

    def of(lines, error=GATEWAY):
        log, earlier = tmp_path / "spark.log", "Too many open files, at an earlier start\n"
        log.write_text(f"{earlier}{lines}\n\tat java.base/sun.launcher.LauncherHelper\n")
        text = str(start_error(error, log, len(earlier), Path("/home/me/.ivy2.5.2")))
        assert text.startswith("Spark could not be started: ") and text.endswith(f"; its log is {log}")
        assert "\n" not in text
        return text

    return of


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            ":: UNRESOLVED DEPENDENCIES ::",
            "type the command once with internet, or copy the folder /home/me/.ivy2",
        ),
        (
            "java.io.FileNotFoundException: /home/me/.ivy2.5.2/cache/x.xml (Read-only file system)",
            "set HOME to",
        ),
        ("java.net.SocketException: Too many open files", "raise the limit with ulimit -n 4096"),
        ("ERROR DiskBlockManager: Failed to create any local dir.", "set SPARK_LOCAL_DIRS and TMPDIR to one"),
        ("java.io.IOException: No space left on device", "a disk is full"),
        ("Could not reserve enough space for 1572864KB object heap", "Java does not get the memory"),
        (
            "spark-class: line 71: /opt/none/bin/java: No such file or directory",
            "set JAVA_HOME to Java 17 or 21",
        ),
        (
            "java.net.UnknownHostException: mine: Name or service not known",
            "correct its network or /etc/hosts",
        ),
        ("something that nobody has seen", "Java gateway process exited before sending its port number."),
    ],
)
def test_the_cause_is_said_with_what_to_do(said, lines, expected):
    assert expected in said(lines)


def test_a_missing_temporary_folder_is_told_from_the_error_itself(said):
    error = FileNotFoundError(2, "No usable temporary directory found in ['/tmp', '/var/tmp']")
    assert "set SPARK_LOCAL_DIRS and TMPDIR to one" in said("", error)


def test_a_low_limit_of_open_files_is_raised_or_said(said):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, before[1]))
        assert "only 200 files may be open: raise the limit with ulimit -n 4096" in said("")
        allow_open_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(4096, before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_cluster_that_does_not_answer_is_named_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        check_answers(f"spark://127.0.0.1:{port}")
        check_answers(f"sc://127.0.0.1:{port}/;user_id=me")
        check_answers(f"spark://[::1]:{port},127.0.0.1:{port}")
    for master in (f"spark://127.0.0.1:{port}", f"sc://127.0.0.1:{port}"):
        with pytest.raises(EngineError, match=f"nothing answers at {master} .Connection refused."):
            check_answers(master)


def test_a_command_says_it_without_a_trace(tmp_path):
    nothing = {"HOME": str(tmp_path), "JAVA_HOME": str(tmp_path / "none")}
    command = [sys.executable, "-m", "jobs.local", "prepare", "--log", str(tmp_path / "spark.log")]
    typed = subprocess.run(command, cwd=tmp_path, env=os.environ | nothing, capture_output=True, text=True)
    assert (typed.returncode, typed.stdout) == (2, "")
    assert typed.stderr.splitlines() == [
        "Downloading the Delta jars (only once).",
        "wrapper.sh: Spark could not be started: there is no Java where JAVA_HOME or the path says: set "
        f"JAVA_HOME to Java 17 or 21; its log is {tmp_path / 'spark.log'}",
    ]
