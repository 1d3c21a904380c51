"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from covid_xray.settings import Settings, load_settings
from covid_xray.storage.session import local_session
from PIL import Image
from pyspark.sql import SparkSession
from xdist.scheduler import LoadScopeScheduling

from jobs.local.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
# The fewest fits and resamples: what is computed from more of them is the same code.
FEW = {
    **{"repeats": 1, "patient_grouped.repeats": 1, "patient_grouped.folds": 2, "bootstrap_resamples": 100},
    "occlusion": [],
}
# The tests that share a whole run or a cluster.
SHARE_A_RUN = (
    "tests/cluster/",
    "tests/faults/",
    "tests/spark/jobs/",
    "tests/spark/covid_xray/stages/score/",
    "tests/spark/covid_xray/stages/test_explain.py",
)
# A test's queries read a few rows, once each: to compile code for them, to keep statistics of files and to
# choose files by them, and to describe plans at length takes longer than to run them.
SMALL_QUERIES = {
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.databricks.delta.stats.skipping": "false",
    "spark.databricks.delta.stats.collect": "false",
    "spark.sql.ui.explainMode": "simple",
    # The default one starts sixteen processes to commit, which ask for links; both rely on the tables' locks.
    "spark.delta.logStore.file.impl": "io.delta.storage.LocalLogStore",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="run the long forms of the tests too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thorough: a long form, run with --thorough only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("thorough") and not config.getoption("--thorough"):
            item.add_marker(pytest.mark.skip(reason="a long form: --thorough runs it"))
        shared = {"ran", "master"}.intersection(getattr(item, "fixturenames", ()))
        if shared and not item.nodeid.startswith(SHARE_A_RUN):
            raise pytest.UsageError(f"{item.nodeid} uses {shared}: name its file in SHARE_A_RUN")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _InTwoProcesses(config, log)


class _InTwoProcesses(LoadScopeScheduling):
    """Keep together the tests of a file, and those of all files that share what takes longest to make."""

    def _split_scope(self, nodeid: str) -> str:
        return "runs" if nodeid.startswith(SHARE_A_RUN) else nodeid.split("::")[0]


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_in_the_checkout() -> Iterator[None]:
    """Spark and MLflow make folders of their own where a process of theirs is started."""
    before = set(ROOT.glob("[!.]*"))
    yield
    assert set(ROOT.glob("[!.]*")) - before == set()


@pytest.fixture(scope="session")
def spark_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run calls spark.log."""
    return tmp_path_factory.mktemp("logs") / "spark.log"


@pytest.fixture(scope="session")
def spark(spark_log: Path, short_lived: dict[str, str]) -> Iterator[SparkSession]:
    """One Spark session for all tests: starting one takes longer than most of them."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in short_lived.items():
            patched.setenv(name, value)
        # The other core is the other process's. Each worker of Spark's would also load TensorFlow.
        session = local_session("local[1]", spark_log)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def short_lived(pytestconfig: pytest.Config) -> dict[str, str]:
    """The environment of a process whose JVM lives for a few minutes: to compile thoroughly takes it longer
    than it has.

    Its code would not fit into the 48 MB that a JVM has for such code if it is not told. With --thorough,
    Spark is left as `local_session` sets it.
    """
    options = ["-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=256m"]
    if not pytestconfig.getoption("--thorough"):
        options += [f"-D{key}={value}" for key, value in SMALL_QUERIES.items()]
    return {"JAVA_TOOL_OPTIONS": " ".join(options)}


@pytest.fixture(scope="session")
def store(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where random weights are kept, drawn once for all tests; the processes that share the work share it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if hasattr(pytestconfig, "workerinput") else base
    # Where `DeepImageFeaturizer` looks in Keras's folder.
    folder = shared / "keras" / "sparkdl"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Ran:
    """A run that was typed: its folders, its options, its exit code and what it printed."""

    name: str
    options: tuple[str, ...]
    data: Path
    output: Path
    code: int
    printed: str


@pytest.fixture(scope="session")
def ran(spark: SparkSession, store: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The smallest real run: twelve tiny pictures in each of two classes, in folders with a space."""
    root = tmp_path_factory.mktemp("local")
    data, output, name = root / "my data", root / "my output", "ResNet50_binary_classification"
    random = np.random.default_rng(8)
    for shade, label in enumerate(("Covid-19", "No_findings")):
        (data / label).mkdir(parents=True)
        for n in range(12):
            pixels = random.integers(0, 150, (40, 40)) + 100 * shade
            Image.fromarray(pixels.astype(np.uint8)).save(data / label / f"{n}.png")
    (data / "Covid-19" / "broken.png").write_text("no picture")
    output.mkdir()
    (output / "weights").symlink_to(store)
    few = [part for key, value in FEW.items() for part in ("--set", f"{key}={value}")]
    options = ("--weights", "random", *few)
    printed = StringIO()
    with redirect_stdout(printed):
        code = main(["run", name, "--data", str(data), "--output", str(output), *options])
    return Ran(name, options, data, output, code, printed.getvalue())


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture
def make_settings() -> Callable[..., Settings]:
    """The settings of config.yaml, with changes: make_settings(seed=1, **{"execution.threads": 2})."""

    def make(**changes: Any) -> Settings:
        return load_settings(ROOT / "config.yaml", changes)

    return make


@pytest.fixture
def few_fits(make_settings: Callable[..., Settings]) -> Callable[..., Settings]:
    """The same with the fewest fits and resamples."""
    return lambda **changes: make_settings(**FEW | changes)
