"""A folder of a Unity Catalog volume, through databricks-sdk's Files API, with faults passed over.

https://docs.databricks.com/api/workspace/files
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.errors.base import DatabricksError
from databricks.sdk.errors.platform import DeadlineExceeded, InternalError, TemporarilyUnavailable
from databricks.sdk.retries import retried

from data_upload.errors import DataUploadError

_VOLUME = re.compile(r"/Volumes/[^/]+/[^/]+/[^/]+(/.*)?")
# The SDK itself repeats after 429, 503, resets and time-outs; these it lets through.
_PASSING = (InternalError, TemporarilyUnavailable, DeadlineExceeded, TimeoutError)
_ATTEMPTS = 6

_T = TypeVar("_T")


def workspace(profile: str | None) -> WorkspaceClient:
    """Return a client for the workspace of a profile of ~/.databrickscfg, or of DATABRICKS_HOST and the like.

    Raises
    ------
    DataUploadError
        If neither says which workspace, or how to get in.
    """
    try:
        return WorkspaceClient(profile=profile)
    except ValueError as error:
        raise DataUploadError(
            f"no workspace to talk to: {one_line(error)}; `databricks auth login` or set DATABRICKS_HOST and "
            "DATABRICKS_TOKEN"
        ) from None


class Volume:
    """The files below a path like `/Volumes/<catalog>/<schema>/<volume>`.

    Raises
    ------
    DataUploadError
        If `path` is no such path.
    """

    def __init__(self, client: WorkspaceClient, path: str) -> None:
        if not _VOLUME.fullmatch(path) or ".." in path.split("/"):
            raise DataUploadError(f"{path} is no volume: it looks like /Volumes/<catalog>/<schema>/<volume>")
        self.path = path.rstrip("/")
        self._files = client.files

    def sizes(self) -> dict[str, int]:
        """Return the sizes in bytes of all files, by name relative to the folder.

        Raises
        ------
        DataUploadError
            If the volume does not exist or may not be read.
        """
        try:
            return dict(self._below(self.path))
        except NotFound:
            if _VOLUME.fullmatch(self.path)[1]:  # type: ignore[index]
                return {}
            raise DataUploadError(
                f"there is no volume {self.path}: deploy the bundle first, or correct the path"
            ) from None
        except DatabricksError as error:
            raise DataUploadError(f"{self.path} cannot be listed: {one_line(error)}") from None

    def send(self, name: str, content: bytes) -> None:
        """Write a file, over an older one if there is one."""
        _repeat(lambda: self._files.upload(f"{self.path}/{name}", io.BytesIO(content), overwrite=True))

    def fetch(self, name: str, file: Path) -> None:
        """Write a file of the volume to `file`; whoever looks sees the old file or the whole new one."""
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f".{file.name}.part")
        try:
            part.write_bytes(_repeat(lambda: self._read(name)))
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def delete(self, name: str) -> None:
        """Delete a file."""
        _repeat(lambda: self._files.delete(f"{self.path}/{name}"))

    def _read(self, name: str) -> bytes:
        contents = self._files.download(f"{self.path}/{name}").contents
        assert contents is not None  # noqa: S101 - the SDK types every field of a response as optional
        with contents:
            return contents.read()

    def _below(self, folder: str) -> Iterator[tuple[str, int]]:
        for entry in _repeat(lambda: list(self._files.list_directory_contents(folder))):
            path = str(entry.path)
            if entry.is_directory:
                yield from self._below(path.rstrip("/"))
            else:
                yield path.removeprefix(f"{self.path}/"), int(entry.file_size or 0)


def one_line(error: BaseException) -> str:
    """Return an error's message without its line breaks."""
    return " ".join(str(error).split()) or type(error).__name__


def _repeat(call: Callable[[], _T]) -> _T:
    patient = retried(on=_PASSING, timeout=timedelta(minutes=10), max_attempts=_ATTEMPTS)
    return patient(call)()  # type: ignore[no-any-return]
