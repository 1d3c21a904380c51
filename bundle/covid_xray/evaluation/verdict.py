"""The verdict on a classifier: what its figures are worth, in two sentences made from what was measured.

The strongest evidence leads: images from elsewhere, then other images of the same source, then the baselines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from covid_xray.evaluation.contrast import AUROC, FALSE_POSITIVES
from covid_xray.evaluation.margin import Margin
from covid_xray.evaluation.needs_lungs import WithoutLungs, without_lungs
from covid_xray.evaluation.results_model import Comparison, Result, Value
from covid_xray.evaluation.wording import area, percent, with_interval
from covid_xray.features.gram import FUSED, FUSED_SEES

# The AUROC of guessing.
_CHANCE = 0.5
_OTHERS_UNTRIED = "it was not tried on images from elsewhere"
# An AUROC that Hosmer and Lemeshow (2000, Applied Logistic Regression) call excellent.
_EXCELLENT = 0.8
_TOO_FEW = "too few images to tell"


@dataclass(frozen=True)
class Verdict:
    """What the figures of one classifier are worth.

    Attributes
    ----------
    sentences : tuple of str
        One or two.
    against : str
        Why it should not become the champion, in a clause; empty if nothing that was measured says so.
    contradicted : bool
        Whether images from elsewhere or of the same source contradict what it reaches on its own images:
        predictive values would promise what it does not keep.
    """

    sentences: tuple[str, ...]
    against: str = ""
    contradicted: bool = False

    @property
    def text(self) -> str:
        """The sentences as one text."""
        return " ".join(self.sentences)


@dataclass(frozen=True)
class _Evidence:
    """One thing that was measured, as a clause, and what it means."""

    clause: str
    against: str = ""
    contradicts: bool = False


def verdict_on(
    results: Sequence[Result], comparisons: Sequence[Comparison], backbone: str, task: str
) -> Verdict | None:
    """Judge a network by the results and comparisons of its run; None if it has no result.

    What is known of sources is left out.
    """
    own = next(r for r in results if r.is_network and (r.name, r.task) == (backbone, task))
    return verdict(own, Margin.of(own, results, comparisons), without_lungs(own, results, comparisons))


def verdict(
    result: Result,
    margin: Margin | None,
    lungs: WithoutLungs | None = None,
    own_source: Sequence[str] = (),
) -> Verdict | None:
    """Judge one classifier on one task; None if it has no result.

    Parameters
    ----------
    margin : Margin or None
        None if no baseline was measured beside it.
    lungs : WithoutLungs or None
        What it, or another network, reaches without the lungs; None if that was not measured.
    own_source : sequence of str
        Classes whose images come from a source that no other class has images from.
    """
    if result.headline is None:
        return None
    elsewhere = [found for found in (_external(result), _contrast(result)) if found]
    baseline, blanked = _baseline(result, margin), _blanked(result, lungs)
    against = next((found.against for found in (*elsewhere, baseline, blanked) if found.against), "")
    contradicted = any(found.contradicts for found in elsewhere)
    if not elsewhere:
        left_open = _without_others(margin, blanked, own_source)
        return Verdict((_first(baseline.clause), left_open), against)
    told = "; ".join(found.clause for found in elsewhere)
    conclusion = _conclusion(result, baseline, blanked, contradicted)
    return Verdict((_first(told), conclusion), against, contradicted)


def _external(result: Result) -> _Evidence | None:
    """Return what images from elsewhere say."""
    found = result.external.per_class.get(result.classes[0], {}).get("auroc") if result.external else None
    if found is None:
        return None
    clause = (
        f"on images from elsewhere {result.name} tells {result.classes[0]} with an AUROC of {area(found)}"
    )
    if _too_few(found, _inside(result)):
        return _Evidence(f"{clause}: {_TOO_FEW}")
    if not _is_chance(found):
        return _Evidence(clause)
    why = f"its AUROC on images from elsewhere, {area(found)}, is no better than chance"
    return _Evidence(f"{clause}, no better than chance", why, contradicts=True)


def _contrast(result: Result) -> _Evidence | None:
    """Return what other images of the same source say: those of the class with most images."""
    per_class = result.contrast.per_class if result.contrast else {}
    areas = {name: values[AUROC] for name, values in per_class.items() if AUROC in values}
    if not areas:
        return None
    positive, other = result.classes[0], max(areas, key=lambda name: areas[name].n)
    called = with_interval(per_class[other].get(FALSE_POSITIVES))
    clause = (
        f"among images of one source {result.name} tells {positive} from {other} with an AUROC of "
        f"{area(areas[other])} and calls {called} % of {other} {positive}"
    )
    inside = _inside(result)
    if _too_few(areas[other], inside):
        return _Evidence(f"{clause}: {_TOO_FEW}")
    falls = inside is not None and (areas[other].ci_high or 1) < (inside.ci_low or 0)
    if inside is not None and falls:
        clause += f", where its own images gave an AUROC of {area(inside)}"
    if _is_chance(areas[other]):
        tells = f"it tells {positive} from {other} no better than chance"
        why = f"within one source {tells}: AUROC {area(areas[other])}"
        return _Evidence(clause, why, contradicts=True)
    return _Evidence(clause, contradicts=falls)


def _baseline(result: Result, margin: Margin | None) -> _Evidence:
    assert result.headline is not None  # noqa: S101 - checked by the caller
    accuracy = with_interval(result.headline.overall["accuracy"])
    if margin is None:
        return _Evidence(
            f"no baseline was measured beside {result.name}, so its accuracy of {accuracy} % says little",
            "no baseline was measured beside it",
        )
    reached = f"the baseline {margin.baseline} ({percent(margin.accuracy)} %), which sees only {margin.sees}"
    if margin.beaten:
        return _Evidence(f"the accuracy of {result.name}, {accuracy} %, exceeds that of {reached}")
    # By chance it may lie above it.
    does_not = "does not exceed" if margin.difference <= 0 else "does not clearly exceed"
    return _Evidence(
        f"the accuracy of {result.name}, {accuracy} %, {does_not} that of {reached}",
        f"its accuracy {does_not} that of the baseline {margin.baseline}",
    )


def _blanked(result: Result, lungs: WithoutLungs | None) -> _Evidence:
    """Return what classifiers without lungs say; nothing where the lungs are needed, or nobody looked."""
    if lungs is None or lungs.needed:
        return _Evidence("")
    still = f"retrained with the lungs blanked it still reaches {percent(lungs.blanked.value)} %"
    return _Evidence(lungs.clause, still if lungs.network == result.name else "")


def _without_others(margin: Margin | None, blanked: _Evidence, own_source: Sequence[str]) -> str:
    """Return what results on the run's own images leave open."""
    if blanked.clause:
        return _sentence(f"{blanked.clause}, and {_OTHERS_UNTRIED}")
    if margin is None or not margin.beaten:
        return f"Nothing here shows that it looks at lungs, and {_OTHERS_UNTRIED}."
    if own_source:
        return (
            f"All images of {' and '.join(own_source)} come from a source of their own, so this may be the "
            f"source and not disease; {_OTHERS_UNTRIED}."
        )
    return "Whether it recognises disease only images from elsewhere can show, on which it was not tried."


def _conclusion(result: Result, baseline: _Evidence, blanked: _Evidence, contradicted: bool) -> str:
    assert result.headline is not None  # noqa: S101 - checked by the caller
    accuracy = percent(result.headline.overall["accuracy"].value)
    if contradicted:
        found = f"{blanked.clause}, so" if blanked.clause else "so"
        return _sentence(
            f"{found} the {accuracy} % that it reaches on its own images are no evidence that it recognises "
            f"disease, and it should not be used to tell {result.classes[0]}"
        )
    return _sentence("; ".join(filter(None, (baseline.clause, blanked.clause))))


def _inside(result: Result) -> Value | None:
    return result.headline.per_class.get(result.classes[0], {}).get("auroc") if result.headline else None


def _is_chance(found: Value) -> bool:
    return found.ci_low is not None and found.ci_low <= _CHANCE


def _too_few(found: Value, inside: Value | None) -> bool:
    """Return whether an AUROC on other images has so wide an interval that it tells nothing.

    It does where it holds guessing, an excellent AUROC, and the low end of the one on the run's own images.
    So does an AUROC without an interval.
    """
    if found.ci_low is None or found.ci_high is None:
        return True
    reached = max(_EXCELLENT, inside.ci_low or 0.0) if inside else _EXCELLENT
    return found.ci_low <= _CHANCE and found.ci_high >= reached


def _first(clause: str) -> str:
    """Return a clause as the sentence in which a reader meets the classifier first."""
    return _sentence(clause.replace(FUSED, f"{FUSED} ({FUSED_SEES})", 1))


def _sentence(clause: str) -> str:
    return f"{clause[0].upper()}{clause[1:]}."
