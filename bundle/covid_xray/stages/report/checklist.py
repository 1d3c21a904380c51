"""Answers to the items of a checklist that depend on what is known of the images, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath

from covid_xray.dataset.attributes import VIEWS
from covid_xray.evaluation.contrast import images_of_sources
from covid_xray.evaluation.wording import weighting
from covid_xray.progress import counted
from covid_xray.stages.report.values import UNKNOWN, Report


def answers(report: Report) -> dict[str, str]:
    """Return the answer to each item, as the template names it."""
    return {
        "eligibility": _eligibility(report),
        "participants": _participants(report),
        "views": _views(report),
        "external": _external(report),
        "fairness": _fairness(report),
        "weighting": _weighting(report),
        "own_networks": _own_networks(report),
    }


def _own_networks(report: Report) -> str:
    """Say what the networks that config.yaml adds are, and what they take for the pixels."""
    # Runs of earlier versions know none.
    added = report.settings.get("networks", {})
    found = []
    for name in sorted(added.keys() & {result.name for result in report.results}):
        own = added[name]
        made = f"{own['architecture']} with the weights" if own["architecture"] else "the model"
        file = PurePath(own["model"] or own["weights"]).name
        size = f", {own['size']} pixels wide" if own["size"] else ""
        pixels = f", pixels prepared as {own['preprocessing']}" if own["preprocessing"] else ""
        found.append(f"{name} is {made} {file}{size}{pixels}.")
    return " ".join(found)


def _weighting(report: Report) -> str:
    """Return how images weigh in fits: by task where tasks differ, as their classes have other sources."""
    # Runs of earlier versions say nothing of it.
    balance = report.settings.get("balance", "none")
    classes = {result.task: result.classes for result in report.results}
    said = {
        task: weighting(balance, [report.sources.get(name, {}) for name in names])
        for task, names in classes.items()
    }
    if len(set(said.values())) > 1:
        return " ".join(f"{task}: {text}" for task, text in said.items())
    return next(iter(said.values()), "")


def _eligibility(report: Report) -> str:
    refused = sum(report.flow.refused.values())
    said = [f"all files of the class folders, of which {refused} were refused"]
    limit = report.settings["limit_per_class"]
    said += [f"at most {limit} images of each class"] if limit else []
    sources = sorted({source for of_class in report.sources.values() for source in of_class} - {UNKNOWN})
    said += [f"sources: {', '.join(sources)}"] if sources else ["where the images come from was not told"]
    return "; ".join(said) + ". By which criteria images were collected no file says."


def _participants(report: Report) -> str:
    found = []
    for of_class in report.population:
        facts = []
        if of_class.female + of_class.male:
            sexes = f"{of_class.female} female and {of_class.male} male"
            facts.append(f"{sexes} of {counted(of_class.patients, 'patient')}")
        if of_class.ages:
            facts.append(f"age, median (quartiles), {of_class.age_text} image{'s' * (of_class.ages.n != 1)}")
        if facts:
            found.append(f"{of_class.label}: {', '.join(facts)}")
    return f"{'; '.join(found)}." if found else "age and sex of no patient were given."


def _views(report: Report) -> str:
    counts: Counter[str] = Counter()
    for of_class in report.population:
        counts.update(dict(of_class.views))
    told = [f"{view} {counts[view]}" for view in VIEWS if counts[view]]
    views = f"Images by view: {', '.join(told)}" if told else "The view of no image was given"
    return f"{views}; devices are not among what can be given."


def _external(report: Report) -> str:
    found = list(_evaluations(report)) or ["None on images from elsewhere"]
    if any(result.by_source for result in report.results):
        found.append("within these images, one source after another was left out")
    return f"{'; '.join(found)}."


def _evaluations(report: Report) -> Iterator[str]:
    for result in report.results:
        if result.kind != "backbone":
            continue
        name = f"{result.name} {result.task}"
        if result.external:
            count = result.external.overall["accuracy"]
            of = f"{counted(count.n, 'image')} of {counted(count.n_patients, 'patient')}"
            yield f"{name}: {of} from elsewhere"
        if result.contrast:
            yield f"{name}: {len(result.contrast.held_out)} {images_of_sources(result.contrast.overall)}"


def _fairness(report: Report) -> str:
    groups = {stratum.attribute for found in report.strata for stratum in found.strata}
    if groups:
        told = ", ".join(name for name in ("view", "sex", "age", "source") if name in groups)
        warned = [found.warning for found in report.strata if found.warning]
        return " ".join([f"Results by {told}, where ten images or more are known of a group.", *warned])
    if report.population:
        return "Not answered: no two groups of ten images or more differ in view, sex, age or source."
    return "Not answered: neither age nor sex was given."
