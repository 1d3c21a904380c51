"""The bundle's own files as tests see them: each resource as written, and as a target resolves it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml
from jobgraph.bundle import read_bundle
from jobgraph.resolve import resolve, scope_of

ROOT = Path(__file__).resolve().parents[3]
BUNDLE = ROOT / "databricks.yml"
FILES = sorted((ROOT / "resources").glob("*.yml"))
TARGETS = ("dev", "free", "staging", "prod")
# Those that are there once, for everybody.
SHARED = ("staging", "prod")
PER_BACKBONE = ("featurize", "train", "explain", "register")
TASKS = ("ingest", "featurize", "audit", "train", "explain", "compare", "register", "report")
JOBS = {"training": TASKS, "scoring": ("score",), "evaluation": ("evaluate",)}
# What a deployment knows and this repository cannot.
CONTEXT = {
    "workspace.file_path": str(ROOT),
    "workspace.current_user.short_name": "someone",
    "workspace.current_user.userName": "someone@example.org",
    "bundle.git.commit": "c0ffee",
    "var.warehouse_id": "0123456789abcdef",
}
# What it looks up for the shared targets besides: a service principal, whose user name is its application id.
APPLICATION_ID = "00000000-1111-2222-3333-444444444444"


def context_of(target: str) -> dict[str, str]:
    return CONTEXT | ({"var.owner": APPLICATION_ID} if target in SHARED else {})


def resources_of(file: Path) -> list[tuple[str, str, Any]]:
    document = yaml.safe_load(file.read_text())
    return [
        (kind, key, spec) for kind, by_key in document["resources"].items() for key, spec in by_key.items()
    ]


def resolved(kind: str, key: str, target: str) -> Any:
    """A resource as it is sent: without references, and without the fields whose value is empty."""
    bundle = read_bundle(BUNDLE, target)
    scope = scope_of(bundle, context_of(target))
    return _without_empty(resolve(bundle.resource(kind, key).spec, key, scope))


def settings_of(target: str) -> Any:
    """What a target says beside its resources and variables, without references."""
    bundle = read_bundle(BUNDLE, target)
    return resolve(bundle.settings, target, scope_of(bundle, context_of(target)))


def python_task(task: Any) -> Any:
    """The task that runs a script: the inner one of a for_each."""
    return task["for_each_task"]["task"] if "for_each_task" in task else task


def copy_checkout(folder: Path) -> None:
    """Copy the files here that git does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        # A parameter's default is required, and may be empty.
        kept = {key: entry for key, entry in value.items() if entry not in ("", []) or key == "default"}
        return {key: _without_empty(entry) for key, entry in kept.items()}
    return [_without_empty(entry) for entry in value] if isinstance(value, list) else value
