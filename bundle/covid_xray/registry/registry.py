"""Log runs, and register and load models: a thin interface to MLflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from covid_xray.errors import ModelError
from covid_xray.registry.flavor import data_of, import_mlflow, log_record
from covid_xray.registry.local_store import artifacts_uri, database_of, open_store
from covid_xray.registry.saved import CARD, load
from covid_xray.registry.versions import AGAINST, Record, Registered, Version

CHAMPION = "champion"

# Error codes of a local MLflow store and of Unity Catalog:
# https://docs.databricks.com/api/workspace/errors
_EXISTS_CODES = ("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS")
_MISSING_CODES = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")


def registry_at(tracking_uri: str, catalog: str, schema: str, experiment: str = "") -> Registry:
    """Return the model registry of an MLflow store.

    Parameters
    ----------
    tracking_uri : str
        `databricks`, with models in Unity Catalog; or a local store, `sqlite:////...`, without schemas.
    experiment : str
        MLflow experiment: a path in a workspace, or any name locally. Not needed for reading.
    """
    if tracking_uri == "databricks":
        return Registry(tracking_uri, "databricks-uc", experiment, f"{catalog}.{schema}.")
    return Registry(tracking_uri, tracking_uri, experiment, "")


@dataclass(frozen=True)
class Registry:
    """Logged runs and registered models.

    Attributes
    ----------
    tracking_uri, registry_uri : str
        As in MLflow. The artifacts of a SQLite store are in a folder next to its file.
    experiment : str
    prefix : str
        Prefix of model names: `<catalog>.<schema>.` in Unity Catalog, else empty.
    """

    tracking_uri: str
    registry_uri: str
    experiment: str
    prefix: str

    def name_of(self, backbone: str, task: str) -> str:
        """Return the name of a registered model."""
        return f"{self.prefix}covid_xray_{backbone}_{task}".lower()

    def has(self, name: str, identity: Mapping[str, str]) -> bool:
        """Return whether a model with the same inputs has been logged and registered completely."""
        experiment = self._client.get_experiment_by_name(self.experiment)
        if experiment is None:
            return False
        tags = {"model": name, **identity}
        conditions = [f"tags.`{key}` = '{value}'" for key, value in tags.items()]
        where = " and ".join([*conditions, "attributes.status = 'FINISHED'"])
        return bool(self._client.search_runs([experiment.experiment_id], where, max_results=1))

    @contextmanager
    def log(self, record: Record, folder: Path) -> Iterator[Version]:
        """Log a run and register the model that `saved.save` wrote to `folder`.

        `has` returns True only after the context has exited normally: work on the version belongs inside it,
        and an interruption makes the next run repeat everything.
        """
        mlflow = self._mlflow
        with mlflow.start_run(experiment_id=self._experiment_id(), run_name=record.title) as run:
            uri, model_id = log_record(mlflow, record, folder)
            number = self._register(record, uri, model_id, run.info.run_id)
            yield Version(record.name, number, record.version_tags)

    def champion(self, name: str) -> Version | None:
        """Return the version with the champion alias, or None."""
        try:
            return _version(self._client.get_model_version_by_alias(name, CHAMPION))
        except self._mlflow.MlflowException as error:
            return self._none_if_missing(error)

    def promote(self, version: Version) -> None:
        """Move the champion alias to a version."""
        self._client.set_registered_model_alias(version.name, CHAMPION, version.number)

    def demote(self, version: Version) -> None:
        """Take the champion alias away: the model has none then."""
        self._client.delete_registered_model_alias(version.name, CHAMPION)

    def tag(self, version: Version, key: str, value: str) -> None:
        """Set a tag of a version."""
        self._client.set_model_version_tag(version.name, version.number, key, value)

    def untag(self, version: Version, key: str) -> None:
        """Remove a tag that a version has."""
        self._client.delete_model_version_tag(version.name, version.number, key)

    def replace_card(self, version: Version, card: str) -> None:
        """Store a card in the place of the one that `log` wrote; the copy among the model's files stays."""
        logged_by = self._client.get_model_version(version.name, version.number).run_id
        self._client.log_text(logged_by, card, CARD)

    def fetch(self, model: str) -> Registered:
        """Load a registered model.

        Parameters
        ----------
        model : str
            `VGG16_multiclass` for the champion, `VGG16_multiclass/3` for a version.

        Raises
        ------
        ModelError
            If it does not exist (the message lists those that do), or its weights file has changed.
        """
        version = self.find(model)
        folder = self._mlflow.artifacts.download_artifacts(f"models:/{version.name}/{version.number}")
        return Registered(version, load(data_of(Path(folder))))

    def find(self, model: str) -> Version:
        """Return the version that `fetch` would load.

        Raises
        ------
        ModelError
            If it does not exist; the message lists those that do.
        """
        version = self._find(model)
        if version is None:
            raise ModelError(self._why_missing(model))
        return version

    def _find(self, model: str) -> Version | None:
        if not self._exists:
            return None
        title, version, number = model.partition("/")
        backbone, _, task = title.partition("_")
        name = self.name_of(backbone, task)
        if not version:
            return self.champion(name)
        if not number.isdecimal():
            return None
        try:
            return _version(self._client.get_model_version(name, number))
        except self._mlflow.MlflowException as error:
            return self._none_if_missing(error)

    def _why_missing(self, model: str) -> str:
        title, _, number = model.partition("/")
        newest = self._newest(title) if self._exists else None
        if newest is None:
            where = self._database or self.registry_uri
            return f"there is no model {model!r} in {where}: {self._registered_models()}"
        if number:
            return f"{title} has no version {number!r}: use {title}/{newest.number}, the newest"
        why = newest.tags.get(AGAINST, "none was promoted")
        return f"{model} has no champion: {why}; name a version, such as {title}/{newest.number}"

    def _newest(self, title: str) -> Version | None:
        backbone, _, task = title.partition("_")
        found = self._client.search_model_versions(f"name = '{self.name_of(backbone, task)}'")
        newest = max(found, key=lambda version: int(version.version), default=None)
        return None if newest is None else _version(newest)

    @property
    def _exists(self) -> bool:
        """Whether there is anything to read: a command that only reads makes no store."""
        return self._database is None or self._database.is_file()

    def _registered_models(self) -> str:
        if not self._exists:
            return "no model is registered yet, train one first"
        prefix = self.name_of("", "").removesuffix("_")
        names = sorted(model.name for model in self._client.search_registered_models())
        titles = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
        return f"use one of {', '.join(titles)}" if titles else "no model is registered yet, train one first"

    @cached_property
    def _mlflow(self) -> Any:
        mlflow = import_mlflow()
        if self._database is not None:
            open_store(self._database)
        mlflow.set_tracking_uri(self.tracking_uri)
        mlflow.set_registry_uri(self.registry_uri)
        return mlflow

    @cached_property
    def _client(self) -> Any:
        return self._mlflow.MlflowClient()

    @property
    def _database(self) -> Path | None:
        return database_of(self.tracking_uri)

    def _experiment_id(self) -> str:
        experiment = self._client.get_experiment_by_name(self.experiment)
        if experiment is not None:
            return str(experiment.experiment_id)
        location = None if self._database is None else artifacts_uri(self._database)
        return str(self._client.create_experiment(self.experiment, artifact_location=location))

    def _register(self, record: Record, uri: str, model_id: str, run_id: str) -> str:
        try:
            self._client.create_registered_model(record.name)
        except self._mlflow.MlflowException as error:
            if error.error_code not in _EXISTS_CODES:
                raise
        tags = {**record.identity, **record.version_tags}
        created = self._client.create_model_version(
            record.name, uri, run_id=run_id, tags=tags, model_id=model_id
        )
        return str(created.version)

    def _none_if_missing(self, error: Any) -> Version | None:
        """Return None if the error says that something does not exist; raise any other error."""
        if error.error_code in _MISSING_CODES or "alias" in str(error).lower():
            return None
        raise error


def _version(version: Any) -> Version:
    return Version(version.name, str(version.version), dict(version.tags))
