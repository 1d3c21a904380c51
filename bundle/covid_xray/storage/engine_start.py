"""What can keep Spark from starting, in one line that says what to do; the trace stays in the log."""

from __future__ import annotations

import re
import resource
import socket
from contextlib import suppress
from pathlib import Path

from covid_xray.errors import EngineError, one_line

# A session opens some 500 files: jars, sockets and tables.
_ENOUGH_FILES = 4096
_FEW_FILES = 1024
_SECONDS_TO_ANSWER = 5
_ADDRESS = re.compile(r"(?:^|,|://)\[?([^/,\[\]]+)\]?:([0-9]+)")
_MEMORY = "end other programs, or raise the limits of ulimit -v and -u"
# What the log of a failed start says, and what to do. The first that is found counts.
_CAUSES = {
    "Too many open files": "too many files are open: raise the limit with ulimit -n 4096",
    "No space left on device": "a disk is full: free some, or set TMPDIR to a folder on another one",
    "(?i)unresolved dependenc": (
        "Delta's jars are missing and could not be downloaded: type the command once with internet, or copy "
        "the folder {ivy} from a machine that has it"
    ),
    r"FileNotFoundException: \S*\.ivy2": (
        "Delta's jars cannot be kept in {ivy}: set HOME to a folder that can be written to"
    ),
    "Failed to create any local dir|No usable temporary directory": (
        "no folder for temporary files can be written to: set SPARK_LOCAL_DIRS and TMPDIR to one"
    ),
    "Could not (allocate|reserve)|insufficient memory|unable to create native thread|OutOfMemoryError": (
        f"Java does not get the memory that it needs: {_MEMORY}"
    ),
    r"bin/java: (No such file|not found|Permission denied)|JAVA_HOME is not set": (
        "there is no Java where JAVA_HOME or the path says: set JAVA_HOME to Java 17 or 21"
    ),
    "UnsupportedClassVersionError": "this Java is too old: set JAVA_HOME to Java 17 or 21",
    "invalid null input: name": "the user of this process has no name: add it to /etc/passwd, or use another",
    "UnknownHostException|Cannot assign requested address": (
        "this machine does not find its own address 127.0.0.1: correct its network or /etc/hosts"
    ),
    "All masters are unresponsive": "the master does not answer: correct --master, or start the cluster",
    "CMD: bad array subscript": f"Java ended before it began, perhaps for lack of memory: {_MEMORY}",
}


def allow_open_files() -> None:
    """Raise the limit of open files as far as Spark needs it and the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = _ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, _ENOUGH_FILES)
    if soft != resource.RLIM_INFINITY and soft < highest:
        # A system may refuse what it says is allowed, as macOS does.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))


def check_answers(master: str) -> None:
    """Ask whether anything listens at the address of a cluster or a server: Spark would wait a minute.

    Raises
    ------
    EngineError
        If nothing does.
    """
    problems = []
    for host, port in _ADDRESS.findall(master.partition(";")[0]):
        try:
            socket.create_connection((host, int(port)), _SECONDS_TO_ANSWER).close()
            return
        except (OSError, OverflowError) as error:
            problems.append(getattr(error, "strerror", None) or str(error))
    raise EngineError(
        f"nothing answers at {master} ({'; '.join(problems)}): correct --master, or start what it names"
    )


def start_error(error: Exception, log_file: Path, log_start: int, ivy: Path) -> EngineError:
    """Return what to say of a failed start.

    Parameters
    ----------
    error : Exception
        What was raised.
    log_file : Path
        The log of the JVM.
    log_start : int
        Where the part about this start begins, in bytes.
    ivy : Path
        The folder of Delta's jars.
    """
    cause = _cause(error, log_file.read_bytes()[log_start:].decode(errors="replace"), ivy)
    return EngineError(f"Spark could not be started: {cause}; its log is {log_file}")


def _cause(error: Exception, log: str, ivy: Path) -> str:
    for pattern, advice in _CAUSES.items():
        if re.search(pattern, f"{log}\n{error}"):
            return advice.format(ivy=ivy)
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files != resource.RLIM_INFINITY and files < _FEW_FILES:
        return f"only {files} files may be open: raise the limit with ulimit -n {_ENOUGH_FILES}"
    return one_line(error)
