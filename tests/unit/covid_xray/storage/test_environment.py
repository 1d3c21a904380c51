"""What a shell holds for other work reaches neither this Python nor what it starts."""

import os
import subprocess
import sys

import pytest
from covid_xray.storage.environment import isolate

from tests.another_shell import ANOTHER_SHELL

KEPT = {
    "PATH": "/bin",
    "HOME": "/root",
    "JAVA_HOME": "/opt/java",
    "JAVA_TOOL_OPTIONS": "-Dhttps.proxyHost=proxy",
    "KERAS_HOME": "/weights",
    "SPARK_LOCAL_DIRS": "/scratch",
    "PYTHONDONTWRITEBYTECODE": "1",
}


def test_variables_for_other_work_are_removed_and_all_others_kept():
    environment = ANOTHER_SHELL | KEPT | {"PYTHONHOME": "/usr", "LC_ALL": "tr_TR.ISO-8859-9"}
    isolate(environment)
    assert environment.pop("LC_ALL").endswith(".UTF-8")
    assert environment == KEPT


@pytest.mark.parametrize("locale", ["C", "de_DE.ISO-8859-1"])
def test_a_command_imports_the_locked_packages_whatever_the_shell_holds(tmp_path, locale):
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    for folder in (elsewhere, here):
        folder.mkdir()
    (elsewhere / "yaml.py").write_text("raise RuntimeError('another package')")
    shell = {"PYTHONPATH": str(elsewhere), "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "ascii:strict"}
    command = [sys.executable, "-m", "jobs.local", "run", "Lungenröntgen"]
    typed = subprocess.run(
        command, cwd=here, env=os.environ | shell | {"LC_ALL": locale}, capture_output=True
    )
    assert typed.returncode == 2
    assert typed.stderr.decode() == (
        "wrapper.sh: unknown run 'Lungenröntgen'; `sh wrapper.sh help` lists the runs\n"
    )
