"""The record of a published dataset: what is known of it, and how images are recognised as its."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import NamedTuple

# Begins the id of a patient of whom nothing is known: one for each image.
UNKNOWN_PATIENT = "image-"


class ImageFacts(NamedTuple):
    """What tells the source of an image; `source` is the one that was given for it, if any."""

    label: str
    path: str
    patient_id: str
    source: str | None = None


@dataclass(frozen=True)
class Commit:
    """A commit of a git repository, and the file or folder that is wanted of it."""

    url: str
    commit: str
    path: str


@dataclass(frozen=True)
class PublishedResult:
    """What others published of one network on this dataset: shares from 0 to 1.

    Attributes
    ----------
    classes : tuple of str
        The classes that were told apart, in any order.
    recall : mapping of str to float
        By class, as far as it was published.
    """

    backbone: str
    classes: tuple[str, ...]
    accuracy: float
    recall: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Collection:
    """One source of a dataset's images: what `images.source` holds.

    Attributes
    ----------
    classes : tuple of str
        The class folders that hold images of it.
    file_name : str
        Regular expression for the names of its files without their suffix; its group `patient` is the
        patient's id, which no patient of another collection may have. Empty where names tell nothing.
    patient_prefix : str
        What stands before the collection's own numbers of patients in patients.csv; empty where patients.csv
        does not tell the collection.
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
        """Return the patient that the name of a file of this collection holds, else an empty text."""
        found = re.fullmatch(self.file_name, PurePosixPath(path).stem) if self.file_name else None
        return found["patient"] if found else ""

    def holds(self, path: str, patient_id: str) -> bool:
        """Tell whether the name of a file, or its patient's id, is one of this collection's."""
        numbered = rf"{re.escape(self.patient_prefix)}\d+"
        own = bool(self.patient_prefix) and re.fullmatch(numbered, patient_id) is not None
        return own or bool(self.patient_in_name(path))


@dataclass(frozen=True)
class Dataset:
    """All that is known of a published dataset.

    Attributes
    ----------
    images : Commit
        Where `fetch` gets it; its `path` is one of the class folders, the others stand beside it.
    collections : tuple of Collection
    reference_standard, external_caveat : str
        Sentences for the report: who says that the labels are right, and how classifiers trained on this
        dataset fared on images from elsewhere.
    published : tuple of PublishedResult
        To be shown beside a run's own results.
    published_by : str
        Where they come from, and how they were measured; a sentence for the report.
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
        """Return the name of the collection that an image is from; None where nothing tells it."""
        of_class = (c for c in self.collections if label in c.classes)
        return next((c.name for c in of_class if c.holds(path, patient_id)), None)

    def sources_of(self, images: Sequence[ImageFacts]) -> list[str] | None:
        """Return the collection of each image if all images are of this dataset, else None.

        They are if every class is one of this dataset's, and every source, given or told by this record, one
        that it gives to the class. In a class that is told by its patients a few may be missing in
        patients.csv: these images count too, unless they are the majority.
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
        """Return what was published of a network that tells these classes apart, if anything was."""
        same = (r for r in self.published if r.backbone == backbone and set(r.classes) == set(classes))
        return next(same, None)

    def _without_patient(self, image: ImageFacts) -> str | None:
        of_class = [c for c in self.collections if image.label in c.classes]
        only = of_class[0] if len(of_class) == 1 else None
        unknown = image.patient_id.startswith(UNKNOWN_PATIENT)
        return only.name if only and only.patient_prefix and unknown else None
