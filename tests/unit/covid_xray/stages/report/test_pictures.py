"""The pictures of a page, and the numbers in its cells."""

import numpy as np
from covid_xray.evaluation.plots import confusion_png, curves_png, draw_network
from covid_xray.stages.report.figures import draw
from covid_xray.stages.report.page import timed
from PIL import Image


def test_time_without_work_is_a_dash(make_result):
    assert timed(make_result(featurize_seconds=None, train_seconds=None)) == "\N{EN DASH}"
    assert timed(make_result()) == "1 min 05 s"


def test_the_picture_has_a_row_for_each_actual_class_shaded_by_its_shares(
    make_result, make_protocol_result, tmp_path
):
    result = make_result(by_protocol={"patient_grouped": make_protocol_result(right=(10, 0))})
    (tmp_path / "m.png").write_bytes(confusion_png(result))
    pixels = np.asarray(Image.open(tmp_path / "m.png").convert("L")).astype(int)
    middle, right = pixels.shape[0] // 2, pixels.shape[1] // 2
    upper, lower = pixels[middle - 104], pixels[middle + 156]
    assert upper[right - 139] > 150 > 80 > upper[right + 156]
    assert lower[right - 139] > 150 > 80 > lower[right + 156]
    assert confusion_png(result) == confusion_png(result)


def test_curves_hold_a_line_for_each_classifier(make_result, baseline):
    both, alone = curves_png([make_result(), baseline]), curves_png([make_result()])
    assert both.startswith(b"\x89PNG") and both != alone and both == curves_png([make_result(), baseline])


def test_a_network_is_drawn_alone_as_on_the_page_beside_the_best_baseline(
    make_result, baseline, make_protocol_result, failed
):
    network, worse = make_result(), {"patient_grouped": make_protocol_result(0.6, right=(6, 6))}
    others = [make_result("VGG19"), make_result(task="multiclass"), failed]
    weak = make_result("border", weights="", kind="baseline", by_protocol=worse)
    drawn = draw_network([*others, weak, network, baseline], "VGG16", "binary")
    assert drawn == {"confusion.png": confusion_png(network), "curves.png": curves_png([network, baseline])}
    assert draw_network([failed, baseline], "VGG19", "binary") == {}


def test_every_picture_of_a_page_comes_with_what_it_shows(make_report, make_result, baseline, failed):
    drawn = draw(make_report(make_result(), baseline, failed))
    assert set(drawn) == {"VGG16_binary", "forest_binary", "curves_binary"}
    assert drawn["VGG16_binary"].csv.splitlines()[1] == "Covid-19,Covid-19,9"
    assert "file_facts" in drawn["curves_binary"].csv and "VGG19" not in drawn["forest_binary"].csv
    assert all(figure.png.startswith(b"\x89PNG") for figure in drawn.values())
