"""Which images are shown as missed."""

import io

import numpy as np
from covid_xray.stages.report.gallery import missed_images, thumbnail
from PIL import Image


def test_images_of_the_positive_class_that_a_network_missed_come_with_its_prediction(
    make_report, make_result, make_protocol_result
):
    one = make_result(by_protocol={"patient_grouped": make_protocol_result(right=(9, 8))})
    other = make_result("VGG19", by_protocol={"patient_grouped": make_protocol_result(right=(7, 10))})
    found = missed_images(make_report(one, other), "binary")
    assert [(image.patient_id, sorted(image.predicted), image.of) for image in found] == [
        ("p9", ["VGG16", "VGG19"], 2),
        ("p7", ["VGG19"], 2),
        ("p8", ["VGG19"], 2),
    ]
    assert set(found[0].predicted.values()) == {"No_findings"}


def test_baselines_and_failures_miss_nothing(make_report, baseline, failed):
    assert missed_images(make_report(baseline, failed), "binary") == ()


def test_a_thumbnail_is_small_and_keeps_its_proportions():
    file = io.BytesIO()
    Image.fromarray(np.zeros((800, 400), np.uint8)).save(file, "PNG")
    assert Image.open(io.BytesIO(thumbnail(file.getvalue()))).size == (80, 160)
