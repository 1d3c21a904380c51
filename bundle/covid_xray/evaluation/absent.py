"""What figures mean where some of a task's classes have no image."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def absent_classes(labels: Collection[str], classes: Sequence[str]) -> list[str]:
    """Return the classes that none of the labels names, in the order of `classes`."""
    return [name for name in classes if name not in labels]


def meaning(absent: Sequence[str], classes: Sequence[str]) -> str:
    """Return in words what can and cannot be read from figures without images of these classes.

    Parameters
    ----------
    absent : sequence of str
        At least one of `classes`, and not all.
    """
    names, present = _listed(absent), [name for name in classes if name not in absent]
    its, own = ("its", "it") if len(absent) == 1 else ("their", "them")
    if len(present) == 1:
        (only,) = present
        return (
            f"no image is of {names}, so nothing is known of {its} recall, there is no AUROC, and the "
            f"accuracy is the recall of {only} alone, which a classifier that always says {only} has whole"
        )
    return (
        f"no image is of {names}, so nothing is known of {its} recall and AUROC; accuracy and means over "
        f"classes are those of {_listed(present)} and do not show whether images of {own} are recognised"
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
