"""What a worker does around the network."""

import sys
import zipfile
from zipimport import zipimporter

from sparkdl.column import forget_archives


def test_finders_of_archives_are_dropped_and_their_modules_can_still_be_imported(tmp_path, monkeypatch):
    archive = tmp_path / "some modules.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("archived_first", "archived_second"):
            file.writestr(f"{name}.py", f"NAME = '{name}'")
    monkeypatch.syspath_prepend(str(archive))

    assert __import__("archived_first").NAME == "archived_first"
    assert any(isinstance(finder, zipimporter) for finder in sys.path_importer_cache.values())
    forget_archives()
    assert not any(isinstance(finder, zipimporter) for finder in sys.path_importer_cache.values())
    assert __import__("archived_second").NAME == "archived_second"
