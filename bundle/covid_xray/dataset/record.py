"""The record of a published dataset, and how its images are recognised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from radiograph.names import stem

# Prefix of the id of an unknown patient: each image gets its own, with the first digits of its hash.
UNKNOWN_PATIENT = "image-"
_UNKNOWN = re.compile(rf"{UNKNOWN_PATIENT}[0-9a-f]{{12}}")


def is_unknown(patient_id: str) -> bool:
    """Return whether a patient id stands for one image whose patient nobody has told."""
    return _UNKNOWN.fullmatch(patient_id) is not None


def count_unknown(patients: Iterable[str]) -> int:
    """Count the images whose patient is unknown, of the patients of some images."""
    return sum(map(is_unknown, patients))


class ImageFacts(NamedTuple):
    """The values that determine the source of an image; `source` is the given one, if any."""

    label: str
    path: str
    patient_id: str
    source: str | None = None


@dataclass(frozen=True)
class Commit:
    """A file or folder in a commit of a git repository."""

    url: str
    commit: str
    path: str


@dataclass(frozen=True)
class PublishedResult:
    """A published result of one network on this dataset, as shares from 0 to 1.

    Attributes
    ----------
    classes : tuple of str
        The classes of the task, in any order.
    recall : mapping of str to float
        By class, where published.
    """

    backbone: str
    classes: tuple[str, ...]
    accuracy: float
    recall: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Collection:
    """One source of a dataset's images; its name is the value of `images.source`.

    Attributes
    ----------
    classes : tuple of str
        The class folders with images of this collection.
    file_name : str
        Regular expression of file names without suffix; its group `patient` is the patient id, which must be
        unique across collections. Empty if file names have no pattern.
    patient_prefix : str
        Prefix of this collection's patient numbers in patients.csv; empty if it has none.
    metadata : Commit or None
        A CSV with the columns `filename` and `patientid`, from which `fetch` writes patients.csv.
    """

    name: str
    url: str
    licence: str
    classes: tuple[str, ...]
    file_name: str = ""
    patient_prefix: str = ""
    metadata: Commit | None = None

    def patient_in_name(self, path: str) -> str:
        """Return the patient id in a file name of this collection, else an empty string."""
        found = re.fullmatch(self.file_name, stem(path)) if self.file_name else None
        return found["patient"] if found else ""

    def holds(self, path: str, patient_id: str) -> bool:
        """Return whether a file name or a patient id follows this collection's pattern."""
        numbered = rf"{re.escape(self.patient_prefix)}\d+"
        own = bool(self.patient_prefix) and re.fullmatch(numbered, patient_id) is not None
        return own or bool(self.patient_in_name(path))


@dataclass(frozen=True)
class Dataset:
    """A published dataset.

    Attributes
    ----------
    images : Commit
        Where `fetch` downloads it; `path` is one of the class folders, which are siblings.
    collections : tuple of Collection
    reference_standard, external_caveat : str
        Sentences for the report: the origin of the labels, and the external performance of classifiers
        trained on this dataset.
    published : tuple of PublishedResult
        Shown beside a run's own results.
    published_by : str
        Their origin and how they were measured; a sentence for the report.
    """

    name: str
    images: Commit
    collections: tuple[Collection, ...]
    reference_standard: str
    external_caveat: str = ""
    published: tuple[PublishedResult, ...] = ()
    published_by: str = ""

    @cached_property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """The names of the collections of each class."""
        labels = dict.fromkeys(label for collection in self.collections for label in collection.classes)
        return {label: tuple(c.name for c in self.collections if label in c.classes) for label in labels}

    def source_of(self, label: str, path: str, patient_id: str) -> str | None:
        """Return the name of an image's collection; None if neither file name nor patient id matches."""
        of_class = (c for c in self.collections if label in c.classes)
        return next((c.name for c in of_class if c.holds(path, patient_id)), None)

    def sources_of(self, images: Sequence[ImageFacts]) -> list[str] | None:
        """Return the collection of each image if all images are of this dataset, else None.

        Every class must be one of this dataset's, and every source, given or matched, must be a collection of
        that class. Images that match no pattern for lack of a known patient are accepted if they are a
        minority of their class.
        """
        told = [image.source or self.source_of(*image[:3]) for image in images]
        untold = Counter(image.label for image, name in zip(images, told, strict=True) if name is None)
        of_class = Counter(image.label for image in images)
        few = {label for label, count in untold.items() if 2 * count <= of_class[label]}
        sources = []
        for image, name in zip(images, told, strict=True):
            name = name or (self._without_patient(image) if image.label in few else None)
            if name is None or name not in self.sources.get(image.label, ()):
                return None
            sources.append(name)
        return sources or None

    def result(self, backbone: str, classes: Sequence[str]) -> PublishedResult | None:
        """Return the published result of a network on these classes, or None."""
        same = (r for r in self.published if r.backbone == backbone and set(r.classes) == set(classes))
        return next(same, None)

    def _without_patient(self, image: ImageFacts) -> str | None:
        of_class = [c for c in self.collections if image.label in c.classes]
        only = of_class[0] if len(of_class) == 1 else None
        unknown = is_unknown(image.patient_id)
        return only.name if only and only.patient_prefix and unknown else None
