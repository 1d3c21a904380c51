"""What figures are worth is said in two sentences, the strongest evidence first."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from covid_xray.evaluation.contrast import AUROC, FALSE_POSITIVES
from covid_xray.evaluation.margin import BestElsewhere, Margin
from covid_xray.evaluation.needs_lungs import BLANKED, WithoutLungs
from covid_xray.evaluation.results_model import Comparison, ProtocolResult, Result, Value
from covid_xray.evaluation.verdict import verdict
from covid_xray.features.gram import FUSED, FUSED_SEES

CLASSES = ("Covid-19", "No_findings")
NONE = pd.DataFrame({"label": [], "prediction": []})
FACTS = "only width and height, and no pixel"
BEATEN = Margin("file_facts", FACTS, 0.9, 0.08, 0.05)
NOT_BEATEN = Margin("file_facts", FACTS, 0.99, -0.008, -0.02)


def measured(auroc: Value) -> ProtocolResult:
    return ProtocolResult({"accuracy": Value(0.982, 0.972, 0.99, 600)}, {"Covid-19": {"auroc": auroc}}, NONE)


def contrasted(auroc: Value, called: Value) -> ProtocolResult:
    few = {AUROC: Value(0.5, 0.2, 0.8, 88), FALSE_POSITIVES: Value(1.0, 0.4, 1.0, 4)}
    return ProtocolResult({}, {"No_findings": few, "Other": {AUROC: auroc, FALSE_POSITIVES: called}}, NONE)


INSIDE = measured(Value(0.996, 0.99, 0.999, 600))
WORSE = measured(Value(0.33, 0.16, 0.52, 80))
GOOD = measured(Value(0.91, 0.85, 0.96, 80))
FALLEN = contrasted(Value(0.62, 0.53, 0.71, 122), Value(0.61, 0.45, 0.76, 38))


def lungs(name: str, blanked: float) -> WithoutLungs:
    lost = 0.982 - blanked
    pair = ("binary", "patient_grouped", name, name, BLANKED)
    loss = Comparison(*pair, lost, lost - 0.01, lost + 0.01, 3, 1, 0.5, 0.5)
    return WithoutLungs(name, Value(0.982, 0.972, 0.99, 600), Value(blanked, 0.5, 1.0, 600), 0.6, loss)


@pytest.fixture
def network():
    def make(weights="imagenet", **others) -> Result:
        by_protocol = {"patient_grouped": INSIDE} | others
        about = {"kind": "backbone", "name": "VGG16", "task": "binary", "classes": CLASSES, "run_id": "r"}
        return Result(**about, status="succeeded", weights=weights, by_protocol=by_protocol)

    return make


def test_images_from_elsewhere_lead_and_speak_against_it_where_they_are_no_better_than_chance(network):
    found = verdict(network(external=WORSE), BEATEN)
    assert found.sentences == (
        "On images from elsewhere VGG16 tells Covid-19 with an AUROC of 0.330 (0.160 to 0.520), no better "
        "than chance.",
        "So the 98.2 % that it reaches on its own images are no evidence that it recognises disease, and "
        "it should not be used to tell Covid-19.",
    )
    assert found.contradicted
    assert (
        found.against
        == "its AUROC on images from elsewhere, 0.330 (0.160 to 0.520), is no better than chance"
    )


def test_a_fall_within_one_source_contradicts_the_figures_though_it_is_better_than_chance(network):
    found = verdict(network(contrast=FALLEN), BEATEN)
    assert found.sentences[0] == (
        "Among images of one source VGG16 tells Covid-19 from Other with an AUROC of 0.620 (0.530 to 0.710) "
        "and calls 61.0 (45.0 to 76.0) % of Other Covid-19, where its own images gave an AUROC of 0.996 "
        "(0.990 to 0.999)."
    )
    assert found.sentences[1].endswith("it should not be used to tell Covid-19.")
    assert (found.contradicted, found.against) == (True, "")


def test_within_one_source_no_better_than_chance_speaks_against_it(network):
    chance = contrasted(Value(0.5, 0.4, 0.6, 122), Value(0.6, 0.4, 0.8, 38))
    assert verdict(network(contrast=chance), BEATEN).against == (
        "among images of one source it tells Covid-19 from Other no better than chance: AUROC 0.500 "
        "(0.400 to 0.600)"
    )


def test_several_sources_are_not_called_one(network):
    several = replace(FALLEN, overall={"sources": Value(24.0, None, None, 126)})
    text = verdict(network(contrast=several), BEATEN).text
    assert (
        text.startswith("Among images of 24 sources VGG16 tells Covid-19 from Other")
        and "one source" not in text
    )


@pytest.mark.parametrize(
    ("auroc", "said"),
    [
        (Value(1.0, 0.439, 1.0, 122), "too few images to tell"),
        (Value(0.8, 0.5, 0.99, 122), "too few images to tell"),
        (Value(0.8, 0.5, 0.989, 122), "no better than chance"),
        (Value(0.8, 0.501, 0.99, 122), None),
        (Value(0.33, 0.16, 0.52, 122), "no better than chance"),
        (Value(0.55, 0.40, 0.70, 122), "no better than chance"),
        (Value(1.0, None, None, 122), "too few images to tell"),
    ],
)
def test_an_interval_that_holds_guessing_and_all_that_it_reaches_inside_tells_nothing(network, auroc, said):
    for found in (
        verdict(network(external=measured(auroc)), BEATEN),
        verdict(network(contrast=contrasted(auroc, Value(0.6, 0.4, 0.8, 38))), BEATEN),
    ):
        for phrase in ("too few images to tell", "no better than chance"):
            assert (phrase in found.text + found.against) == (phrase == said)
        if said != "no better than chance":
            assert found.against == ""
        if said == "too few images to tell":
            assert not found.contradicted


def test_beside_poor_figures_inside_an_excellent_area_must_lie_in_the_interval_too(network):
    poor = {"patient_grouped": measured(Value(0.55, 0.45, 0.65, 600))}
    wide, narrow = measured(Value(1.0, 0.439, 1.0, 4)), measured(Value(0.55, 0.40, 0.79, 80))
    assert "too few images to tell" in verdict(network(**poor, external=wide), BEATEN).text
    assert "no better than chance" in verdict(network(**poor, external=narrow), BEATEN).text


def test_too_few_images_leave_a_baseline_that_is_not_beaten_against_it(network):
    found = verdict(network(external=measured(Value(1.0, 0.439, 1.0, 4))), NOT_BEATEN)
    assert found.against == "its accuracy does not exceed that of the baseline file_facts"
    assert found.sentences[0].endswith("an AUROC of 1.000 (0.439 to 1.000): too few images to tell.")


def test_all_networks_together_are_defined_where_they_are_first_named(network):
    found = verdict(replace(network(external=GOOD), name=FUSED), BEATEN)
    assert found.text.count(FUSED_SEES) == 1
    assert found.text.index(FUSED_SEES) == found.text.index(FUSED) + len(FUSED) + 2


def test_both_stand_in_the_first_sentence(network):
    first = verdict(network(external=WORSE, contrast=FALLEN), NOT_BEATEN).sentences[0]
    assert first.index("elsewhere") < first.index("; among images of one source")


def test_a_good_result_elsewhere_stands_beside_the_baseline(network):
    found = verdict(network(external=GOOD), BEATEN)
    assert found.sentences == (
        "On images from elsewhere VGG16 tells Covid-19 with an AUROC of 0.910 (0.850 to 0.960).",
        "The accuracy of VGG16, 98.2 (97.2 to 99.0) %, exceeds that of the baseline file_facts (90.0 %), "
        f"which sees {FACTS}.",
    )
    assert (found.contradicted, found.against) == (False, "")


def test_without_other_images_a_baseline_that_is_not_beaten_leads(network):
    found = verdict(network(), NOT_BEATEN)
    assert found.sentences[0].startswith(
        "The accuracy of VGG16, 98.2 (97.2 to 99.0) %, does not exceed that of"
    )
    assert found.sentences[1].startswith("Nothing here shows that VGG16 looks at lungs")
    assert found.against == "its accuracy does not exceed that of the baseline file_facts"
    assert not found.contradicted


def test_a_baseline_that_chance_alone_may_have_put_below_is_not_beaten(network):
    found = verdict(network(), Margin("file_facts", FACTS, 0.97, 0.012, -0.01))
    assert "98.2 (97.2 to 99.0) %, does not clearly exceed that of the baseline" in found.sentences[0]
    assert found.against == "its accuracy does not clearly exceed that of the baseline file_facts"


def test_a_baseline_that_is_beaten_leaves_the_source_or_other_places_open(network):
    assert verdict(network(), BEATEN).against == ""
    assert "only images from elsewhere can show" in verdict(network(), BEATEN).sentences[1]
    own = verdict(network(), BEATEN, own_source=["Covid-19"]).sentences[1]
    assert own.startswith("All images of Covid-19 come from a source of their own, so this may be the source")


def test_a_network_that_does_not_need_the_lungs_is_no_champion(network):
    found = verdict(network(), BEATEN, lungs("VGG16", 0.98))
    assert found.sentences[1] == (
        "Retrained with the lungs blanked VGG16 reaches 98.0 %, with them 98.2 %: it does not need the "
        "lungs, and VGG16 was not tried on images from elsewhere."
    )
    assert found.against == "retrained with the lungs blanked it still reaches 98.0 %"


def test_where_it_was_tried_elsewhere_that_is_why_its_figures_are_no_evidence(network):
    found = verdict(network(external=WORSE), BEATEN, lungs("VGG16", 0.98))
    assert found.sentences[1].startswith("Retrained with the lungs blanked VGG16 reaches 98.0 %")
    assert "it does not need the lungs, so the 98.2 %" in found.sentences[1]
    assert found.against.endswith("no better than chance")


def test_that_another_network_does_not_need_the_lungs_is_said_and_holds_nothing_back(network):
    found = verdict(network(), BEATEN, lungs("ResNet50", 0.98))
    assert "ResNet50 reaches 98.0 %" in found.sentences[1] and found.against == ""


def test_a_loss_without_the_lungs_is_said_and_leaves_the_source_open(network):
    found = verdict(network(), NOT_BEATEN, lungs("VGG16", 0.7), own_source=["Covid-19"])
    assert found.sentences[1] == (
        "Retrained with the lungs blanked VGG16 reaches 70.0 %, with them 98.2 %: without the lungs it loses "
        "28.2 (27.2 to 29.2) percentage points; all images of Covid-19 come from a source of their own, so "
        "this may be the source and not disease; VGG16 was not tried on images from elsewhere."
    )
    assert found.against == verdict(network(), NOT_BEATEN).against


def test_what_another_network_loses_shows_nothing_of_this_one(network):
    found = verdict(network(), NOT_BEATEN, lungs("ResNet50", 0.7))
    assert "ResNet50 reaches 70.0 %" in found.sentences[1]
    assert found.sentences[1].endswith(
        "points; nothing here shows that VGG16 looks at lungs, and it was not tried on images from elsewhere."
    )


def test_lungs_that_are_needed_explain_no_failure_elsewhere(network):
    found = verdict(network(external=WORSE), BEATEN, lungs("VGG16", 0.7))
    assert found.sentences[1].startswith("So the 98.2 %")


def elsewhere(auroc: float) -> BestElsewhere:
    return BestElsewhere("border", "only the frame", Value(auroc, auroc - 0.05, auroc + 0.05, 80))


@pytest.mark.parametrize(
    ("auroc", "said", "against"),
    [
        (0.84, "", ""),
        (0.85, ", not clearly more than the baseline border, which sees only the frame, with 0.85", ""),
        (0.91, ", no more than the baseline border, which sees only the frame, with 0.91", "does as well"),
    ],
)
def test_a_baseline_that_does_as_well_elsewhere_is_named_and_speaks_against_it(network, auroc, said, against):
    found = verdict(network(external=GOOD), BEATEN, elsewhere=elsewhere(auroc))
    assert said in found.sentences[0] and ("baseline" in found.sentences[0]) == bool(said)
    assert against in found.refuted and bool(found.refuted) == bool(against)
    assert found.against == found.refuted and not found.contradicted


def test_what_figures_inside_say_against_it_refutes_nothing(network):
    found = verdict(network(external=GOOD), NOT_BEATEN)
    assert (found.refuted, bool(found.against)) == ("", True)
    assert (
        verdict(network(external=WORSE), NOT_BEATEN).refuted
        == verdict(network(external=WORSE), BEATEN).against
    )


def test_without_a_baseline_an_accuracy_says_little(network):
    found = verdict(network(), None)
    assert "no baseline was measured beside VGG16" in found.text.lower().replace("vgg16", "VGG16")
    assert found.against == "no baseline was measured beside it"


def test_a_failure_is_not_judged(network):
    assert verdict(replace(network(), by_protocol={}), None) is None
