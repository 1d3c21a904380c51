import pandas as pd
import pytest
from covid_xray.evaluation.absent import absent_classes, meaning
from covid_xray.evaluation.metrics import estimates

BINARY, THREE = ("Covid-19", "No_findings"), ("Covid-19", "No_findings", "Pneumonia")


def test_classes_without_an_image_are_named_in_the_order_of_the_task():
    assert absent_classes({"No_findings"}, THREE) == ["Covid-19", "Pneumonia"]
    assert absent_classes({"Pneumonia", *BINARY}, THREE) == []


def test_with_one_class_left_the_accuracy_is_its_recall_and_there_is_no_auroc():
    text = meaning(["Covid-19"], BINARY)
    assert "nothing is known of its recall, there is no AUROC" in text
    assert "the accuracy is the recall of No_findings alone" in text


def test_with_several_left_the_figures_are_those_of_them():
    text = meaning(["Pneumonia"], THREE)
    assert (
        "its recall and AUROC; accuracy and means over classes are those of Covid-19 and No_findings" in text
    )


@pytest.mark.parametrize("labels", [["No_findings"], ["Covid-19", "No_findings"]])
def test_what_is_said_holds_for_the_metrics(labels):
    """The words are about the metrics, which are computed elsewhere."""
    rows = [
        {"label": label, "prediction": label if n % 4 else THREE[2], "image_id": f"{label}{n}"}
        for label in labels
        for n in range(8)
    ]
    held_out = pd.DataFrame(rows).assign(repeat=0, fold=0, probability=[[0.2, 0.5, 0.3]] * len(rows))
    found = estimates(held_out.assign(patient_id=held_out["image_id"]), THREE, resamples=20, seed=1)
    values = {(one.metric, one.class_): one.value for one in found}
    absent = absent_classes(set(labels), THREE)
    assert not [key for key in values if key[0] == "recall" and key[1] in absent]
    ranked = {key[1] for key in values if key[0] == "auroc"}
    assert ranked == (set(labels) if len(labels) > 1 else set())
    if len(labels) == 1:
        assert values["accuracy", None] == values["recall", labels[0]] == 0.75
