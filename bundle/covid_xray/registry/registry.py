"""Where runs are logged, models registered, and found again: MLflow behind a few questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from covid_xray.errors import ModelError
from covid_xray.registry.flavor import data_of, log_record, silent_mlflow
from covid_xray.registry.saved import load
from covid_xray.registry.versions import Record, Registered, Version

CHAMPION = "champion"

_SQLITE = "sqlite:///"
# The same two answers, as a store of one's own gives them and as Unity Catalog does:
# https://docs.databricks.com/api/workspace/errors
_THERE_ALREADY = ("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS")
_NOT_THERE = ("RESOURCE_DOES_NOT_EXIST", "NOT_FOUND")


def registry_at(tracking_uri: str, catalog: str, schema: str, experiment: str = "") -> Registry:
    """Return the registry beside an MLflow store.

    Parameters
    ----------
    tracking_uri : str
        `databricks`, where models go to Unity Catalog; else a store of one's own, `sqlite:////...`, which has
        no schemas.
    experiment : str
        Where runs are logged: a path in a workspace, else any name. Not needed to read.
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
        As MLflow takes them. A file of SQLite gets its artifacts in a folder beside it.
    experiment : str
    prefix : str
        Of the models' names: `<catalog>.<schema>.` in Unity Catalog, else empty.
    """

    tracking_uri: str
    registry_uri: str
    experiment: str
    prefix: str

    def name_of(self, backbone: str, task: str) -> str:
        """Return the name under which a model is registered."""
        return f"{self.prefix}covid_xray_{backbone}_{task}".lower()

    def has(self, name: str, identity: Mapping[str, str]) -> bool:
        """Tell whether a model of the same inputs has been logged and registered to the end."""
        found = self._client.get_experiment_by_name(self.experiment)
        if found is None:
            return False
        tags = {"model": name, **identity}
        same = [f"tags.`{key}` = '{value}'" for key, value in tags.items()]
        where = " and ".join([*same, "attributes.status = 'FINISHED'"])
        return bool(self._client.search_runs([found.experiment_id], where, max_results=1))

    @contextmanager
    def log(self, record: Record, folder: Path) -> Iterator[Version]:
        """Log a run and register the model in `folder`, as `saved.save` has written it.

        `has` knows of it when the block has ended: what is to be done with the version is done in there, and
        all of it is done again if that was interrupted.
        """
        mlflow = self._mlflow
        with mlflow.start_run(experiment_id=self._experiment_id(), run_name=record.title) as run:
            uri, model_id = log_record(mlflow, record, folder)
            number = self._register(record, uri, model_id, run.info.run_id)
            yield Version(record.name, number, record.version_tags)

    def champion(self, name: str) -> Version | None:
        """Return the version that bears the alias, if any does."""
        try:
            return _version(self._client.get_model_version_by_alias(name, CHAMPION))
        except self._mlflow.MlflowException as error:
            return self._refuse_unless_missing(error)

    def promote(self, version: Version) -> None:
        """Move the alias to a version."""
        self._client.set_registered_model_alias(version.name, CHAMPION, version.number)

    def fetch(self, model: str) -> Registered:
        """Find and open a model.

        Parameters
        ----------
        model : str
            `VGG16_multiclass` for the champion, `VGG16_multiclass/3` for a version.

        Raises
        ------
        ModelError
            If there is none, naming those that there are, or its weights are not those it was trained with.
        """
        version = self._find(model)
        if version is None:
            raise ModelError(f"there is no model {model!r} in {self.registry_uri}; {self._there_are()}")
        folder = self._mlflow.artifacts.download_artifacts(f"models:/{version.name}/{version.number}")
        return Registered(version, load(data_of(self._mlflow, Path(folder))))

    def _find(self, model: str) -> Version | None:
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
            return self._refuse_unless_missing(error)

    def _there_are(self) -> str:
        start = self.name_of("", "").removesuffix("_")
        names = sorted(found.name for found in self._client.search_registered_models())
        titles = [name.removeprefix(start) for name in names if name.startswith(start)]
        return f"there is {', '.join(titles)}" if titles else "none is registered yet: train first"

    @cached_property
    def _mlflow(self) -> Any:
        if self.tracking_uri.startswith(_SQLITE):
            self._folder.mkdir(parents=True, exist_ok=True)
        mlflow = silent_mlflow()
        mlflow.set_tracking_uri(self.tracking_uri)
        mlflow.set_registry_uri(self.registry_uri)
        return mlflow

    @cached_property
    def _client(self) -> Any:
        return self._mlflow.MlflowClient()

    @property
    def _folder(self) -> Path:
        return Path(self.tracking_uri.removeprefix(_SQLITE)).parent

    def _experiment_id(self) -> str:
        found = self._client.get_experiment_by_name(self.experiment)
        if found is not None:
            return str(found.experiment_id)
        place = None
        if self.tracking_uri.startswith(_SQLITE):
            place = (self._folder / "artifacts").as_uri()
        return str(self._client.create_experiment(self.experiment, artifact_location=place))

    def _register(self, record: Record, uri: str, model_id: str, run_id: str) -> str:
        try:
            self._client.create_registered_model(record.name)
        except self._mlflow.MlflowException as error:
            if error.error_code not in _THERE_ALREADY:
                raise
        tags = {**record.identity, **record.version_tags}
        created = self._client.create_model_version(
            record.name, uri, run_id=run_id, tags=tags, model_id=model_id
        )
        return str(created.version)

    def _refuse_unless_missing(self, error: Any) -> Version | None:
        """Return nothing for what is not there; a store that does not answer is another matter."""
        if error.error_code in _NOT_THERE or "alias" in str(error).lower():
            return None
        raise error


def _version(found: Any) -> Version:
    return Version(found.name, str(found.version), dict(found.tags))
