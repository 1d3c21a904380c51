"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from covid_xray.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", action="store_true", help="run the long forms of the tests too")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "thorough: a long form, run with --thorough only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--thorough"):
        for item in items:
            if item.get_closest_marker("thorough"):
                item.add_marker(pytest.mark.skip(reason="a long form: --thorough runs it"))


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
