"""A folder of a Unity Catalog volume, through databricks-sdk's Files API, with retries of transient errors.

https://docs.databricks.com/api/workspace/files
"""

from __future__ import annotations

import io
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from configparser import Error as ConfigParserError
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.credentials_provider import CredentialsStrategy
from databricks.sdk.errors import NotFound, PermissionDenied, Unauthenticated
from databricks.sdk.errors.platform import DeadlineExceeded, InternalError, TemporarilyUnavailable
from databricks.sdk.retries import retried
from sparkdl.files import atomic_write

from data_upload.errors import DataUploadError

_VOLUME = re.compile(r"(/Volumes/[^/]+/[^/]+/[^/]+)(/.*)?")
# What a command needs on the volume that this option names.
_PRIVILEGES = {"--to": "READ VOLUME and WRITE VOLUME", "--from": "READ VOLUME"}
# The SDK itself retries after 429, 503, resets and time-outs, but not after these.
_TRANSIENT = (InternalError, TemporarilyUnavailable, DeadlineExceeded, TimeoutError)
_ATTEMPTS = 6
# The SDK retries connection errors for five minutes: right for a transfer, too long for a mistyped host.
_FIRST_ANSWER_SECONDS = 10
# The SDK asks for this too; any answer shows that the host can be reached.
_ABOUT = "/.well-known/databricks-config"

_T = TypeVar("_T")

# Without a handler Python would print the SDK's warning of an unreachable host beside our own message.
logging.getLogger("databricks.sdk").addHandler(logging.NullHandler())


class _NoCredentials(CredentialsStrategy):
    """Find out the configured host without a login, which may itself need that host."""

    def auth_type(self) -> str:
        return "none"

    def __call__(self, cfg: Config) -> Callable[[], dict[str, str]]:
        return dict


def workspace(profile: str | None) -> WorkspaceClient:
    """Return a client for the workspace of a profile of ~/.databrickscfg, or of DATABRICKS_HOST and the like.

    Raises
    ------
    DataUploadError
        If no workspace or no credentials are configured, or the workspace cannot be reached.
    """
    if profile and os.environ.get("DATABRICKS_HOST"):
        raise DataUploadError(
            f"--profile {profile} and DATABRICKS_HOST both name a workspace: unset DATABRICKS_HOST, which "
            "would take precedence, or omit --profile"
        )
    try:
        _refuse_unreachable(profile)
        return WorkspaceClient(profile=profile)
    except (ValueError, ConfigParserError) as error:
        raise DataUploadError(
            f"no workspace is configured ({one_line(error)}): run `databricks auth login`, or set "
            "DATABRICKS_HOST and DATABRICKS_TOKEN"
        ) from None


def _refuse_unreachable(profile: str | None) -> None:
    host = Config(
        profile=profile,
        credentials_strategy=_NoCredentials(),
        retry_timeout_seconds=1,
        http_timeout_seconds=_FIRST_ANSWER_SECONDS,
    ).host
    if not host:
        return
    try:
        requests.get(f"{host}{_ABOUT}", timeout=_FIRST_ANSWER_SECONDS)
    except requests.RequestException as error:
        raise DataUploadError(
            f"the workspace {host} cannot be reached ({_cause(error)}): check its name and the connection, "
            "then run the same command again"
        ) from None


def _cause(error: BaseException) -> str:
    while error.__context__ is not None:
        error = error.__context__
    return (isinstance(error, OSError) and error.strerror) or one_line(error)


class Volume:
    """The files below `/Volumes/<catalog>/<schema>/<volume>` or a folder in it.

    Parameters
    ----------
    option : {"--to", "--from"}
        The option that gave the path, for messages.

    Raises
    ------
    DataUploadError
        If `path` is not such a path.
    """

    def __init__(self, client: WorkspaceClient, path: str, option: Literal["--to", "--from"]) -> None:
        found = _VOLUME.fullmatch(path)
        if not found or {"", ".", ".."} & set(path.strip("/").split("/")):
            raise DataUploadError(
                f"{option} {path} is not a volume: give /Volumes/<catalog>/<schema>/<volume>, or a path in it"
            )
        self.path = path.rstrip("/")
        self._root = found[1]
        self._option = option
        self._host = client.config.host
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
            # The API answers alike for an emptied volume and one that does not exist. Making the root folder
            # fails for the latter only, and changes nothing in the former.
            self._make_folder(self._root)
            return {}
        except OSError as error:
            raise self._refusal(error) from None

    def make_folders(self, names: Iterable[str]) -> None:
        """Make the folders of files with these names, and their parents; they may exist.

        Raises
        ------
        DataUploadError
            If the volume does not exist or may not be written to.
        """
        for folder in sorted({f"{self.path}/{name}".rpartition("/")[0] for name in names}):
            self._make_folder(folder)

    def send(self, name: str, content: bytes) -> None:
        """Upload a file; it replaces an older one."""
        _retry(lambda: self._files.upload(f"{self.path}/{name}", io.BytesIO(content), overwrite=True))

    def fetch(self, name: str, file: Path) -> None:
        """Download a file of the volume to `file`; readers see the old file or the new one, never a part."""
        file.parent.mkdir(parents=True, exist_ok=True)
        content = _retry(lambda: self._read(name))
        atomic_write(file, lambda part: part.write_bytes(content))

    def delete(self, name: str) -> None:
        """Delete a file."""
        _retry(lambda: self._files.delete(f"{self.path}/{name}"))

    def _make_folder(self, folder: str) -> None:
        try:
            _retry(partial(self._files.create_directory, folder))
        except OSError as error:
            raise self._refusal(error) from None

    def _refusal(self, error: OSError) -> DataUploadError:
        # The SDK adds its configuration to the workspace's message.
        said = one_line(error).partition(". Config: ")[0].rstrip(".")
        if isinstance(error, NotFound):
            remedy = f"correct {self._option}, or deploy the bundle first"
            text = f"there is no volume {self._root} ({said}): {remedy}"
        # The API answers for some expired tokens with 403, not 401.
        elif isinstance(error, Unauthenticated) or "access token" in said:
            text = (
                f"{self._host} rejects the login ({said}): log in with `databricks auth login`, or set "
                "DATABRICKS_TOKEN to a valid token"
            )
        elif isinstance(error, PermissionDenied):
            text = (
                f"no permission for {self.path} ({said}): ask the owner of {self._root} for "
                f"{_PRIVILEGES[self._option]} on it"
            )
        else:
            text = f"the workspace cannot serve {self.path} ({said}): run the same command again later"
        return DataUploadError(text)

    def _read(self, name: str) -> bytes:
        contents = self._files.download(f"{self.path}/{name}").contents
        assert contents is not None  # noqa: S101 - the SDK types every field of a response as optional
        with contents:
            return contents.read()

    def _below(self, folder: str) -> Iterator[tuple[str, int]]:
        for entry in _retry(lambda: list(self._files.list_directory_contents(folder))):
            path = str(entry.path)
            if entry.is_directory:
                yield from self._below(path.rstrip("/"))
            else:
                yield path.removeprefix(f"{self.path}/"), int(entry.file_size or 0)


def one_line(error: BaseException) -> str:
    """Return the message of an error without line breaks, or its class if it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def _retry(call: Callable[[], _T]) -> _T:
    with_retries = retried(on=_TRANSIENT, timeout=timedelta(minutes=10), max_attempts=_ATTEMPTS)
    try:
        return with_retries(call)()  # type: ignore[no-any-return]
    except RuntimeError as error:
        # The workspace's last answer says more than that all attempts failed.
        raise error.__cause__ or error from None
