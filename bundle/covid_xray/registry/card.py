"""The model card: what a model is for, what it was trained and measured on, and its limits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from covid_xray.dataset.known import tell_sources
from covid_xray.dataset.population import population
from covid_xray.dataset.record import count_unknown
from covid_xray.evaluation.absent import absent_classes, meaning
from covid_xray.evaluation.contrast import AUROC, FALSE_POSITIVES
from covid_xray.evaluation.metrics import shown_in
from covid_xray.evaluation.protocols import (
    AS_PUBLISHED,
    CONTRAST,
    EXTERNAL,
    LEAVE_ONE_SOURCE_OUT,
    PATIENT_GROUPED,
)
from covid_xray.evaluation.verdict import Verdict
from covid_xray.evaluation.wording import weighting
from covid_xray.progress import counted
from covid_xray.registry.saved import About, SavedModel

_PROTOCOLS = {
    PATIENT_GROUPED: "patients that it had not seen in training (the headline)",
    AS_PUBLISHED: "images held out at random: a patient may have images on both sides",
    LEAVE_ONE_SOURCE_OUT: "images of a source of which it had seen none in training",
    EXTERNAL: "images from elsewhere",
    CONTRAST: "images that are meant to differ in the finding alone, as they are of one source",
}
_KEY = ["metric", "class"]


@dataclass(frozen=True)
class MetricTable:
    """A table of the card: a row a metric, a column a classifier; `absent` are classes without an image."""

    protocol: str
    description: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    absent: Sequence[str]


def write_card(
    title: str,
    model: SavedModel,
    run: Mapping[str, Any],
    images: pd.DataFrame,
    metrics: pd.DataFrame,
    judged: Verdict | None,
) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    run : mapping
        The row of `runs`.
    images : pandas.DataFrame
        Columns `image_id`, `label`, `path`, `patient_id`, `source`, `view`, `sex`, `age`: what the
        model was trained on.
    metrics : pandas.DataFrame
        Rows of the run and task in the table `metrics`: of this network, and of the baselines beside it.
    judged : Verdict or None
        On this network; None without results.
    """
    # Markdown, not HTML: quotes and ampersands stay what they are.
    environment = Environment(  # noqa: S701
        loader=PackageLoader("covid_xray.registry", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["counted"] = counted
    told, dataset = tell_sources(images)
    settings = json.loads(run["settings"])
    return environment.get_template("card.md.j2").render(
        title=title,
        about=model.about,
        weighting=weighting(settings.get("balance", "none"), told.groupby("label")["source"].unique()),
        spread=model.classifier.spread,
        run=run,
        settings=settings,
        versions=json.loads(run["versions"]),
        counts=_counts(told, model.about.classes),
        sources_known=bool(told["source"].notna().any()),
        dataset=dataset,
        published=dataset.result(model.about.backbone, model.about.classes) if dataset else None,
        patients=images["patient_id"].nunique(),
        population=population(images),
        tables=[_table(protocol, metrics, model.about) for protocol in _measured(metrics)],
        external=EXTERNAL in _measured(metrics),
        contrast=CONTRAST,
        unknown=count_unknown(images.drop_duplicates("image_id")["patient_id"]),
        meaning=meaning,
        verdict=judged.text if judged else "",
    )


def _counts(images: pd.DataFrame, classes: Sequence[str]) -> list[tuple[str, int, int, str]]:
    """Return images, patients and, in words, sources of each class."""
    counts = []
    for name in classes:
        of_class = images[images["label"] == name]
        sources = of_class["source"].fillna("not known").value_counts().sort_index()
        said = ", ".join(f"{source} {count}" for source, count in sources.items())
        counts.append((name, of_class["image_id"].nunique(), of_class["patient_id"].nunique(), said))
    return counts


def _measured(metrics: pd.DataFrame) -> list[str]:
    there = set(metrics.loc[metrics["kind"] == "backbone", "protocol"])
    return [protocol for protocol in _PROTOCOLS if protocol in there]


def _table(protocol: str, metrics: pd.DataFrame, about: About) -> MetricTable:
    backbone = about.backbone
    of_protocol = metrics[metrics["protocol"] == protocol]
    nulls = sorted(set(of_protocol.loc[of_protocol["kind"] == "baseline", "backbone"]))
    known = {
        (row["backbone"], row["metric"], row["class"] or ""): _written(row)
        for row in of_protocol.to_dict("records")
    }
    labels = sorted(set(of_protocol["class"].dropna()))
    rows = [
        [title, *(known.get((name, metric, label), "-") for name in (backbone, *nulls))]
        for title, metric, label in _shown(protocol, labels, about.classes[0])
        if (backbone, metric, label) in known
    ]
    # A class without images has no recall.
    recalled = set(of_protocol.loc[of_protocol["metric"] == "recall", "class"])
    absent = absent_classes(recalled, about.classes) if protocol == EXTERNAL and recalled else []
    return MetricTable(protocol, _PROTOCOLS[protocol], (backbone, *nulls), rows, absent)


def _shown(protocol: str, labels: Sequence[str], positive: str) -> list[tuple[str, str, str]]:
    """Return the title, the metric and the class of each row of a table."""
    if protocol == CONTRAST:
        recall = [(f"recall {positive}", "recall", positive)]
        areas = [(f"auroc of {positive} against {label}", AUROC, label) for label in labels]
        return areas + recall + [(f"{label} called {positive}", FALSE_POSITIVES, label) for label in labels]
    return [
        (f"{metric.name} {label}".strip(), metric.name, label)
        for metric in shown_in("card")
        for label in (labels if metric.per_class else [""])
    ]


def _written(row: Mapping[Any, Any]) -> str:
    text = f"{row['value']:.3f}"
    if pd.isna(row["ci_low"]):
        return text
    return f"{text} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
