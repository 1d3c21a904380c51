"""The wheel that a cluster installs: whole, and asking for nothing that the runtime brings."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
import yaml

from tests.unit.resources.definitions import BUNDLE, ROOT, copy_checkout

PATH = os.environ["PATH"].split(os.pathsep)
# What somebody may put beside the code, and a deployment must not send.
PLANTED = ("patients.csv", "a.dcm", "00000013_005.png", ".upload/key")
PACKAGES = {"sparkdl", "radiograph", "logistic", "covid_xray", "jobgraph"}
# What 18 LTS ML has (https://docs.databricks.com/aws/en/release-notes/runtime/), and what the wheel asks for.
RUNTIME = {
    *("pyspark", "tensorflow", "keras", "h5py", "numpy", "pandas", "pyarrow", "PIL", "scipy", "sklearn"),
    *("jinja2", "matplotlib", "yaml", "pydantic", "pydicom", "mlflow", "statsmodels", "threadpoolctl"),
    *("databricks", "filelock"),
}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the bundle's own build leaves, in a checkout with a wheel from before and no uv on the path."""
    checkout = tmp_path_factory.mktemp("a checkout")
    copy_checkout(checkout)
    (checkout / ".venv").symlink_to(sys.prefix)
    for name in PLANTED:
        (checkout / "bundle" / "covid_xray" / name).parent.mkdir(exist_ok=True)
        (checkout / "bundle" / "covid_xray" / name).write_text("of a patient")
    (checkout / "dist").mkdir()
    (checkout / "dist" / "covid_xray_pipelines-9.9.9-py3-none-any.whl").write_text("of another day")
    build = yaml.safe_load(BUNDLE.read_text())["artifacts"]["wheel"]["build"]
    path = os.pathsep.join(folder for folder in PATH if not (Path(folder) / "uv").exists())
    # As the CLI runs it: https://docs.databricks.com/aws/en/dev-tools/bundles/settings#artifacts
    subprocess.run(["bash", "-ec", build], cwd=checkout, env=os.environ | {"PATH": path}, check=True)
    return checkout / "dist"


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    (built,) = dist.glob("*.whl")
    return built


def test_a_build_leaves_the_new_wheel_alone(dist: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    name = f"covid_xray_pipelines-{version}-py3-none-any.whl"
    assert [file.name for file in dist.iterdir()] == [name]


def test_the_wheel_holds_every_file_of_the_packages_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    there = (file for file in (ROOT / "bundle").rglob("*") if file.is_file())
    files = {
        file.relative_to(ROOT / "bundle").as_posix() for file in there if "__pycache__" not in file.parts
    }
    assert names == files
    assert {name.split("/")[0] for name in names} == PACKAGES


def test_the_wheel_asks_for_neither_spark_nor_tensorflow(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        asked = message_from_bytes(archive.read(name)).get_all("Requires-Dist")
    # Those of an extra are asked for by whoever names it.
    always = [requirement for requirement in asked or [] if "extra ==" not in requirement]
    names = sorted(re.split("[<>=]", requirement)[0] for requirement in always)
    assert names == ["filelock", "pydantic", "pydicom", "pyyaml"]


def test_the_wheel_installs_into_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--offline"]
    subprocess.run([*install, "--target", str(tmp_path), str(wheel)], check=True)
    code = f"from importlib.util import find_spec; print({{find_spec(n).origin for n in {sorted(PACKAGES)}}})"
    # -S leaves out this environment's own packages.
    found = subprocess.run(
        [sys.executable, "-S", "-c", code], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert ast.literal_eval(found.stdout) == {str(tmp_path / name / "__init__.py") for name in PACKAGES}


def test_the_packages_import_nothing_that_the_runtime_lacks() -> None:
    imported = {
        name.split(".")[0]
        for file in (ROOT / "bundle").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in _imports(node)
    }
    assert imported - set(sys.stdlib_module_names) - PACKAGES - {"__future__"} <= RUNTIME


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return [node.module]
    return []
