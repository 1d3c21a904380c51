"""The known datasets, one record each, and docs/datasets.md, which is generated from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from covid_xray.dataset.record import Collection, Commit, Dataset, ImageFacts, PublishedResult

if TYPE_CHECKING:
    import pandas as pd

_TWO, _THREE = ("Covid-19", "No_findings"), ("Covid-19", "No_findings", "Pneumonia")

COVID_19 = Dataset(
    name="muhammedtalo/COVID-19",
    images=Commit(
        "https://github.com/muhammedtalo/COVID-19.git", "ee3e2cffc0824711bed675275506b26f19be7198", "Covid-19"
    ),
    collections=(
        Collection(
            name="ieee8023/covid-chestxray-dataset",
            url="https://github.com/ieee8023/covid-chestxray-dataset",
            licence="a separate one for each image, named in metadata.csv",
            classes=("Covid-19",),
            patient_prefix="cov",
            metadata=Commit(
                "https://github.com/ieee8023/covid-chestxray-dataset.git",
                "6a4242344473ccb5ed0d2148d8c7bfb1691e4ed8",
                "metadata.csv",
            ),
        ),
        Collection(
            name="NIH ChestX-ray8",
            url="https://nihcc.app.box.com/v/ChestXray-NIHCC",
            licence="free to use; the NIH Clinical Center must be named",
            classes=("No_findings", "Pneumonia"),
            file_name=r"(?P<patient>\d{8})_\d+",
        ),
    ),
    reference_standard=(
        "The class folders as published. For NIH ChestX-ray8 the labels come from text mining of radiology "
        "reports; nobody read the images again."
    ),
    external_caveat=(
        "The classes of this dataset differ in hospital, kind of file and image border. Measured outside "
        "this system, a binary classifier trained on it (98 % accuracy within it) ranked the images of "
        "another hospital worse than chance."
    ),
    # Of the other runs the README gives no results in its text.
    published=(
        PublishedResult("VGG16", _TWO, 1.00, {"Covid-19": 1.00}),
        PublishedResult("VGG19", _TWO, 0.985, {"Covid-19": 1.00}),
        PublishedResult("ResNet50", _TWO, 0.993, {"Covid-19": 0.96}),
        PublishedResult("VGG16", _THREE, 0.872, {"Covid-19": 0.83, "Pneumonia": 0.82}),
    ),
    published_by=(
        "The published results are those in the README of the CSE 6250 project (Georgia Tech, fall 2020) "
        "that this system rebuilds; each comes from one random 80/20 split by image."
    ),
)

KNOWN = (COVID_19,)


def patient_in_name(path: str) -> str:
    """Return the patient id in a file name of a known collection; an empty string for other files.

    The class folder is ignored, so that a patient's files in differently named folders keep one patient.
    """
    collections = (collection for dataset in KNOWN for collection in dataset.collections)
    return next(filter(None, (collection.patient_in_name(path) for collection in collections)), "")


def follows_a_pattern(path: str, patient_id: str = "") -> bool:
    """Return whether a file name, or a patient id, is of the form of one of a known collection."""
    return any(c.holds(path, patient_id) for dataset in KNOWN for c in dataset.collections)


def recognise(images: Sequence[ImageFacts]) -> tuple[Dataset | None, list[str | None]]:
    """Return the known dataset that all images belong to, or None, and the source of each image.

    Without a known dataset, sources are the given ones, or None.
    """
    for dataset in KNOWN:
        sources = dataset.sources_of(images)
        if sources is not None:
            return dataset, list(sources)
    return None, [image.source for image in images]


def tell_sources(images: pd.DataFrame) -> tuple[pd.DataFrame, Dataset | None]:
    """Add sources to rows of the table `images`; also return the known dataset they all belong to, or None.

    Parameters
    ----------
    images : pandas.DataFrame
        Columns `label`, `path`, `patient_id` and `source`, which tables of earlier versions lack.
    """
    known = images if "source" in images else images.assign(source=None)
    columns = (known[name].tolist() for name in ("label", "path", "patient_id", "source"))
    # Missing values of a pandas column may be NaN.
    facts = [
        ImageFacts(label, path, patient_id, source if isinstance(source, str) else None)
        for label, path, patient_id, source in zip(*columns, strict=True)
    ]
    dataset, sources = recognise(facts)
    told: Any = sources
    return known.assign(source=told), dataset


def document() -> str:
    """Return docs/datasets.md."""
    return "\n".join(
        [
            "*For anyone who trains on public X-rays, or asks why one report shows more than another.*",
            "",
            "# Known datasets",
            "",
            "A run's images are recognised as one of these datasets when every class is one of its "
            "classes, and every image comes from a collection that has images of that class. Then the "
            "report and the model card show what is known of it: the names of the collections, the "
            "reference standard, what others published, and how its classifiers fare elsewhere. For all "
            "other images they show what was measured on them, and nothing else.",
            "",
            "The source of other images, a collection or a hospital, can be given: in a column `source` "
            "of metadata.csv or patients.csv. The audit then measures how far the source alone gives the "
            "class away. `upload` never sends that column, since its values may name somebody; it sends only "
            "the names of the collections below.",
            "",
            *(line for dataset in KNOWN for line in _section(dataset)),
            "Made from the records in `bundle/covid_xray/dataset/known.py` by",
            "`.venv/bin/python -m covid_xray.dataset.known > docs/datasets.md`.",
            "",
        ]
    )


def _section(dataset: Dataset) -> Iterator[str]:
    yield from (f"## {dataset.name}", "")
    yield from (f"`{dataset.images.url}` at commit `{dataset.images.commit}`.", "")
    yield "| Collection | Classes | Licence | How its images are recognised | How patients are identified |"
    yield "|---|---|---|---|---|"
    for c in dataset.collections:
        name = f"by the name of the file, `{c.file_name}`"
        number = f"by a patient `{c.patient_prefix}<number>` in patients.csv or metadata.csv"
        told = " or ".join([name] * bool(c.file_name) + [number] * bool(c.patient_prefix))
        patient = "by the name of the file" if c.file_name else "by patients.csv or metadata.csv"
        yield f"| [{c.name}]({c.url}) | {', '.join(c.classes)} | {c.licence} | {told} | {patient} |"
    yield ""
    yield from (f"Reference standard: {dataset.reference_standard}", "")
    if dataset.external_caveat:
        yield from (f"Elsewhere: {dataset.external_caveat}", "")
    if dataset.published:
        yield from ("| Published | Classes | Accuracy | Recall |", "|---|---|---|---|")
        for r in dataset.published:
            recall = ", ".join(f"{name} {value:.1%}" for name, value in r.recall.items())
            yield f"| {r.backbone} | {', '.join(r.classes)} | {r.accuracy:.1%} | {recall} |"
        yield from ("", dataset.published_by, "")


if __name__ == "__main__":
    print(document(), end="")
