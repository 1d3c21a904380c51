"""MLflow's store of an output folder, which stays whole when the folder is moved, copied or renamed.

MLflow writes absolute paths of artifacts into its database. They are changed to the present ones when the
store is opened, so that nothing is looked for, or written, where the folder used to be.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

_PLAIN = "sqlite:///"
# With the driver's name, since MLflow makes the folder that it takes the rest of the plain form for.
_ENCODED, _ENCODED_END = "sqlite+pysqlite:///file:", "?uri=true"
_ARTIFACTS = "artifacts"
# Where MLflow 3.8 keeps paths of artifacts. Tables of later versions may lack some.
_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def store_uri(database: Path) -> str:
    """Return MLflow's URI of a database file, whatever characters its path has.

    A path with characters that mean something in a URL is written as SQLite's own kind of URI:
    https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#uri-connections
    """
    path = str(database)
    if quote(path, safe="/ ") == path:
        return f"{_PLAIN}{path}"
    return f"{_ENCODED}{quote(path)}{_ENCODED_END}"


def database_of(uri: str) -> Path | None:
    """Return the database file of `store_uri`, or None for a store of another kind."""
    if uri.startswith(_PLAIN):
        return Path(uri.removeprefix(_PLAIN))
    if uri.startswith(_ENCODED):
        return Path(unquote(uri.removeprefix(_ENCODED).removesuffix(_ENCODED_END)))
    return None


def artifacts_uri(database: Path) -> str:
    """Return the URI of the folder of artifacts next to a database file."""
    return (database.parent / _ARTIFACTS).as_uri()


def open_store(database: Path) -> None:
    """Prepare a database, which may not exist yet, for MLflow."""
    database.parent.mkdir(parents=True, exist_ok=True)
    if database.is_file():
        _relocate(database)
    _keep_default_artifacts()


def _relocate(database: Path) -> None:
    """Replace the beginnings of paths that were true where the folder used to be."""
    new = artifacts_uri(database)
    with closing(sqlite3.connect(database)) as connection, connection:
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        if "experiments" not in tables:
            return
        for old in _former_places(connection, f"/{database.parent.name}/{_ARTIFACTS}", new):
            for table, column in _COLUMNS:
                if table in tables:
                    _replace_beginning(connection, table, column, old, new)


def _former_places(connection: sqlite3.Connection, ending: str, new: str) -> set[str]:
    rows = connection.execute("SELECT artifact_location FROM experiments WHERE artifact_location IS NOT NULL")
    places = {str(location) for (location,) in rows}
    return {place for place in places if place.endswith(ending) and place != new}


def _replace_beginning(connection: sqlite3.Connection, table: str, column: str, old: str, new: str) -> None:
    # Names of tables and columns are those above, not a user's.
    update = f"UPDATE {table} SET {column} = ? || substr({column}, ?)"  # noqa: S608
    within = f"WHERE {column} = ? OR substr({column}, 1, ?) = ?"
    connection.execute(f"{update} {within}", (new, len(old) + 1, old, len(old) + 1, f"{old}/"))


def _keep_default_artifacts() -> None:
    """Have MLflow keep what belongs to no experiment next to its database.

    It would make a folder for that wherever a command is typed.
    """
    from mlflow.tracking._tracking_service import utils

    utils._register("sqlite", _tracking_store)  # type: ignore[no-untyped-call]


def _tracking_store(store_uri: str, artifact_uri: str | None = None) -> Any:
    from mlflow.store.tracking import DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    database = database_of(store_uri)
    default = artifacts_uri(database.absolute()) if database else DEFAULT_LOCAL_FILE_AND_ARTIFACT_PATH
    return SqlAlchemyStore(store_uri, artifact_uri or default)  # type: ignore[no-untyped-call]
