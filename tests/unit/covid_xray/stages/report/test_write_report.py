import errno
import os
from datetime import UTC, datetime

import pytest
from covid_xray.stages.report import write_report


@pytest.fixture
def written(make_report, make_result, monkeypatch, tmp_path):
    """Write the page of one network, with one picture, over that of an earlier run."""
    (tmp_path / "index.html").write_text("old")
    found = {
        "collect": make_report(make_result()),
        "draw": {"confusion": b"png"},
        "read_explanations": {},
        "read_gallery": {},
        "render": "a page",
        "missing": [],
    }
    for name, value in found.items():
        monkeypatch.setattr(f"covid_xray.stages.report.{name}", lambda *given, value=value: value)

    def write():
        page = write_report(None, "r1", tmp_path, datetime(2026, 1, 1, tzinfo=UTC))
        return page, {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file()}

    return write


@pytest.mark.parametrize("renames", [True, False])
def test_the_page_is_written_whole_also_where_files_cannot_be_renamed(written, monkeypatch, renames):
    if not renames:

        def refuse(source, target):
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

        monkeypatch.setattr(os, "replace", refuse)
    page, files = written()
    assert page.read_text() == "a page" and files == {"index.html", "figures/confusion.png"}
