"""Print docs/metrics.md: `python -m covid_xray.evaluation.metrics > docs/metrics.md`."""

from __future__ import annotations

from math import isinf

from covid_xray.evaluation.metrics.metric import Metric
from covid_xray.evaluation.metrics.records import displayed

_INTRODUCTION = """\
# Metrics, for readers of a report and of the table `metrics`

Every value is the mean over repeats of the metric on all that a repeat held out; repeats in which it is
undefined are left out. Its 95 % interval comes from resamples of the patients; at an end of the range, where
no resample differs, it is Wilson's, and rests on the patients of the smallest class where classes are
compared with each other. `n` counts images of one repeat, `n_patients` their patients in all repeats.
Functions are scikit-learn's. The tables are made from the records in `bundle/covid_xray/evaluation/metrics`.
"""
_HEAD = """\
| metric | name | what it is | range | n counts | source |
|---|---|---|---|---|---|
"""


def document() -> str:
    """Return the tables of all metrics as Markdown."""
    overall = "".join(_row(metric) for metric in displayed() if not metric.per_class)
    per_class = "".join(_row(metric) for metric in displayed() if metric.per_class)
    return (
        f"{_INTRODUCTION}\n## Over all classes\n\n{_HEAD}{overall}"
        f"\n## Of each class against the rest\n\n{_HEAD}{per_class}"
    )


def _row(metric: Metric) -> str:
    cells = (f"`{metric.name}`", metric.title, metric.meaning, _range(metric))
    return f"| {' | '.join((*cells, metric.support.description, metric.source))} |\n"


def _range(metric: Metric) -> str:
    two, three = (_ends(*metric.bounds(n_classes)) for n_classes in (2, 3))
    return two if two == three else f"{two} for two classes, {three} for three"


def _ends(low: float, high: float) -> str:
    return f"{low:g} and more" if isinf(high) else f"{low:g} to {high:g}"


if __name__ == "__main__":
    print(document(), end="")
