"""What a page says of results on images from elsewhere."""

from dataclasses import replace


def test_results_on_images_from_elsewhere_replace_the_notice_that_there_are_none(
    page, make_result, make_protocol_result
):
    by_protocol = {"patient_grouped": make_protocol_result(), "external": make_protocol_result(0.4)}
    html = page(make_result(by_protocol=by_protocol))
    assert "No external validation" not in html and "40.0 (64.0 to 94.8)" in html.split('id="external"')[1]


def test_external_figures_without_images_of_a_class_come_with_what_they_mean(
    page, make_result, make_protocol_result
):
    external = make_protocol_result(0.4)
    negatives = replace(external, held_out=external.held_out[external.held_out["label"] == "No_findings"])
    by_protocol = {"patient_grouped": external, "external": negatives}
    html = page(make_result(by_protocol=by_protocol)).split('id="external"')[1]
    assert (
        "VGG16 binary: no image is of Covid-19, so nothing is known of its recall, there is no AUROC" in html
    )
    assert "the accuracy is the recall of No_findings alone" in html
    whole = page(make_result(by_protocol={"patient_grouped": external, "external": external}))
    assert "no image is of" not in whole


def test_external_images_of_unknown_patients_are_counted(page, make_result, make_protocol_result):
    external = make_protocol_result(0.4)
    alone = external.held_out.replace({"patient_id": {"p3": "image-0123456789ab"}})
    by_protocol = {"patient_grouped": external, "external": replace(external, held_out=alone)}
    text = "VGG16 binary: of 1 of these images the patient is unknown"
    assert text in page(make_result(by_protocol=by_protocol))
    assert text not in page(make_result(by_protocol=by_protocol | {"external": external}))
