"""What a deployment sends beside the wheel, by the definitions, of a checkout with data in odd places."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unit.resources.definitions import BUNDLE, ROOT, copy_checkout

# Where people put X-rays, what names their patients, and the key that hides them.
PLANTED = (
    "data/Covid-19/00000013_005.png",
    "data/patients.csv",
    "data_small/.upload/key",
    "data_small/Pneumonia/a.jpg",
    "out/sample/data/Covid-19/0.png",
    "jobs/X-rays/No_findings/00000013_005.png",
    "jobs/patients.csv",
    "jobs/local/.upload/key",
    "jobs/image.dcm",
    "resources/a.png",
    "bundle/covid_xray/a.jpeg",
    "patients.csv",
    "a.dcm",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository that has committed nothing yet, with data among its files."""
    copy_checkout(tmp_path)
    for name in PLANTED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("of a patient")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    return tmp_path


def synced(checkout: Path) -> set[str]:
    """The files below `sync.paths` that no .gitignore excludes: the CLI goes by those, not by git's index.

    https://docs.databricks.com/aws/en/dev-tools/bundles/settings#sync
    """
    sync = yaml.safe_load(BUNDLE.read_text())["sync"]
    assert set(sync) == {"paths"}
    command = ["git", "ls-files", "-z", "--others", "--exclude-standard", "--", *sync["paths"]]
    found = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True)
    return set(filter(None, found.stdout.split("\0")))


def test_nothing_but_scripts_and_settings_is_sent(checkout: Path) -> None:
    scripts = {file.relative_to(ROOT).as_posix() for file in (ROOT / "jobs").rglob("*.py")}
    assert synced(checkout) == scripts | {"config.yaml"}


def test_git_ignores_the_folders_that_the_readme_puts_data_in(checkout: Path) -> None:
    for folder in ("data", "data_small", "out"):
        asked = ["git", "check-ignore", "--quiet", f"{folder}/Covid-19/a.png"]
        assert subprocess.run(asked, cwd=checkout, check=False).returncode == 0
    kept = subprocess.run(["git", "check-ignore", "data_upload/new.py"], cwd=checkout, check=False)
    assert kept.returncode == 1
