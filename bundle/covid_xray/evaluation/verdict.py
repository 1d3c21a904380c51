"""The verdict on a classifier: what its figures are worth, in two sentences made from what was measured.

The strongest evidence leads: images from elsewhere, then other images of the same source, then the baselines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from covid_xray.evaluation.contrast import AUROC, FALSE_POSITIVES, images_of_sources
from covid_xray.evaluation.margin import BestElsewhere, Margin
from covid_xray.evaluation.needs_lungs import WithoutLungs, without_lungs
from covid_xray.evaluation.results_model import Comparison, Result, Value
from covid_xray.evaluation.wording import area, percent, with_interval
from covid_xray.features.gram import FUSED, FUSED_SEES

# The AUROC of guessing.
_CHANCE = 0.5
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
    refuted : str
        The same, where other images say so: those from elsewhere, or others of the same source.
    contradicted : bool
        Whether images from elsewhere or of the same source contradict what it reaches on its own images:
        predictive values would promise what it does not keep.
    """

    sentences: tuple[str, ...]
    against: str = ""
    refuted: str = ""
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
    lungs = without_lungs(own, results, comparisons)
    return verdict(own, Margin.of(own, results, comparisons), lungs, elsewhere=BestElsewhere.of(own, results))


def verdict(
    result: Result,
    margin: Margin | None,
    lungs: WithoutLungs | None = None,
    own_source: Sequence[str] = (),
    elsewhere: BestElsewhere | None = None,
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
    elsewhere : BestElsewhere or None
        The best baseline on the same images from elsewhere; None if there is none.
    """
    if result.headline is None:
        return None
    others = [found for found in (_external(result, elsewhere), _contrast(result)) if found]
    baseline, blanked = _baseline(result, margin), _blanked(result, lungs)
    refuted = _first_against(others)
    against = refuted or _first_against([baseline, blanked])
    contradicted = any(found.contradicts for found in others)
    if not others:
        left_open = _without_others(result, margin, lungs, own_source)
        return Verdict((_first(baseline.clause), left_open), against)
    told = "; ".join(found.clause for found in others)
    conclusion = _conclusion(result, baseline, blanked, contradicted)
    return Verdict((_first(told), conclusion), against, refuted, contradicted)


def _first_against(found: Sequence[_Evidence]) -> str:
    return next((one.against for one in found if one.against), "")


def _external(result: Result, baseline: BestElsewhere | None) -> _Evidence | None:
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
        return _beside(clause, found, baseline)
    why = f"its AUROC on images from elsewhere, {area(found)}, is no better than chance"
    return _Evidence(f"{clause}, no better than chance", why, contradicts=True)


def _beside(clause: str, found: Value, baseline: BestElsewhere | None) -> _Evidence:
    """Return an AUROC elsewhere beside that of a baseline, if it is as good but for what may be chance."""
    if baseline is None or baseline.auroc.value < (found.ci_low or 0.0):
        return _Evidence(clause)
    reached = f"the baseline {baseline.name}, which sees {baseline.sees},"
    if baseline.auroc.value < found.value:
        return _Evidence(f"{clause}, not clearly more than {reached} with {area(baseline.auroc)}")
    why = f"on images from elsewhere the baseline {baseline.name} does as well: AUROC {area(baseline.auroc)}"
    return _Evidence(f"{clause}, no more than {reached} with {area(baseline.auroc)}", why)


def _contrast(result: Result) -> _Evidence | None:
    """Return what other images of the same source say: those of the class with most images."""
    if result.contrast is None:
        return None
    per_class, images = result.contrast.per_class, images_of_sources(result.contrast.overall)
    areas = {name: values[AUROC] for name, values in per_class.items() if AUROC in values}
    if not areas:
        return None
    positive, other = result.classes[0], max(areas, key=lambda name: areas[name].n)
    called = with_interval(per_class[other].get(FALSE_POSITIVES))
    clause = (
        f"among {images} {result.name} tells {positive} from {other} with an AUROC of "
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
        why = f"among {images} {tells}: AUROC {area(areas[other])}"
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
    reached = f"the baseline {margin.baseline} ({percent(margin.accuracy)} %), which sees {margin.sees}"
    if margin.beaten:
        return _Evidence(f"the accuracy of {result.name}, {accuracy} %, exceeds that of {reached}")
    # By chance it may lie above it.
    does_not = "does not exceed" if margin.difference <= 0 else "does not clearly exceed"
    return _Evidence(
        f"the accuracy of {result.name}, {accuracy} %, {does_not} that of {reached}",
        f"its accuracy {does_not} that of the baseline {margin.baseline}",
    )


def _blanked(result: Result, lungs: WithoutLungs | None) -> _Evidence:
    """Return what classifiers without lungs say; nothing where nobody looked."""
    if lungs is None:
        return _Evidence("")
    still = f"retrained with the lungs blanked it still reaches {percent(lungs.blanked.value)} %"
    why = still if lungs.not_needed and lungs.network == result.name else ""
    return _Evidence(lungs.clause, why, contradicts=lungs.not_needed)


def _without_others(
    result: Result, margin: Margin | None, lungs: WithoutLungs | None, own_source: Sequence[str]
) -> str:
    """Return what results on the run's own images leave open."""
    name, said = result.name, [lungs.clause] if lungs else []
    untried = f"{name} was not tried on images from elsewhere"
    if lungs and lungs.not_needed:
        return _sentence(f"{lungs.clause}, and {untried}")
    looks_at_lungs = lungs is not None and lungs.network == name and lungs.loses
    if not looks_at_lungs and (margin is None or not margin.beaten):
        nothing = f"nothing here shows that {name} looks at lungs"
        return _sentence("; ".join([*said, f"{nothing}, and it was not tried on images from elsewhere"]))
    if own_source:
        alone = f"all images of {' and '.join(own_source)} come from a source of their own"
        return _sentence("; ".join([*said, f"{alone}, so this may be the source and not disease", untried]))
    only = f"whether {name} recognises disease only images from elsewhere can show, on which it was not tried"
    return _sentence("; ".join([*said, only]))


def _conclusion(result: Result, baseline: _Evidence, blanked: _Evidence, contradicted: bool) -> str:
    assert result.headline is not None  # noqa: S101 - checked by the caller
    accuracy = percent(result.headline.overall["accuracy"].value)
    if contradicted:
        found = f"{blanked.clause}, so" if blanked.contradicts else "so"
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
