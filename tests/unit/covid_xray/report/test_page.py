"""The page, from plain values to HTML."""

from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from covid_xray.report import percent, render, timed, with_interval
from covid_xray.report.collect import ClassFigures, Counts, Refused, Report, Result, Value
from covid_xray.report.figures import confusion_png
from PIL import Image

CLASSES = ("Covid-19", "No_findings")
NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.fixture
def make_result():
    def make(backbone="VGG16", weights="imagenet", **changes):
        given = {
            "backbone": backbone,
            "task": "binary",
            "run_id": "r1",
            "status": "succeeded",
            "error": None,
            "weights": weights,
            "weights_id": "abc",
            "featurize_seconds": 60.0,
            "featurized_images": 120,
            "train_seconds": 5.0,
            "classes": CLASSES,
            "confusion": ((9, 1), (2, 8)),
            "overall": {"accuracy": Value(0.85, 0.64, 0.948, 20, 1.0)},
            "per_class": tuple(ClassFigures(c, {"recall": Value(0.9, 0.6, 0.98, 10)}) for c in CLASSES),
        }
        return Result(**(given | changes))

    return make


@pytest.fixture
def failed(make_result):
    return make_result(
        "VGG19",
        status="failed",
        error="no weights in <nowhere>",
        weights_id=None,
        featurize_seconds=None,
        featurized_images=None,
        train_seconds=None,
        classes=(),
        confusion=(),
        overall=None,
        per_class=(),
    )


@pytest.fixture
def page():
    def make(*results, refused=(), **settings):
        report = Report(
            run_id="r1",
            results=results,
            counts=(Counts("binary", "Covid-19", 50, 30, 40, 10, 4),),
            refused=refused,
            settings={"limit_per_class": None, "repeats": 1} | settings,
            versions={"pyspark": "4.1.1"},
            git_commit=None,
        )
        figures = {(r.backbone, r.task): b"png" for r in results if r.confusion}
        return render(report, figures, NOW)

    return make


class _Outside(HTMLParser):
    """Collects what a browser would fetch."""

    def __init__(self):
        super().__init__()
        self.fetched = []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in ("link", "script", "iframe"):
            self.fetched.append(tag)
        if "src" in values and not values["src"].startswith("data:"):
            self.fetched.append(values["src"])


def test_a_figure_stands_with_its_interval_its_count_and_what_was_published(page, make_result):
    html = page(make_result())
    row = html.split('<th scope="row">VGG16</th>')[1].split("</tr>")[0]
    assert "85.0 (64.0 to 94.8)" in row and ">100.0<" in row and ">20<" in row and "1 min 05 s" in row


def test_the_matrix_is_told_in_words_too(page, make_result):
    assert (
        "Of 10 actual Covid-19: 9 called Covid-19, 1 called No_findings. Of 10 actual No_findings: 2 called"
        in page(make_result())
    )


def test_random_weights_are_warned_of_only_where_there_are_some(page, make_result):
    assert "Random weights" not in page(make_result())
    html = page(make_result(), make_result("ResNet50", weights="random"))
    assert "Random weights: networks that were never trained" in html
    assert "ResNet50, binary (random weights)" in html and "VGG16, binary (random weights)" not in html


def test_a_failure_stands_with_its_reason_and_cannot_break_the_page(page, make_result, failed):
    html = page(make_result(), failed)
    assert 'class="failed">failed: no weights in &lt;nowhere&gt;' in html
    assert html.count("<figure>") == 1


def test_a_run_without_any_success_has_a_page(page, failed):
    html = page(failed)
    assert "Confusion matrices" not in html and "the positive class" in html


def test_refused_files_are_counted_and_the_first_fifty_listed(page, make_result):
    assert "No file was refused" in page(make_result())
    one = page(make_result(), refused=(Refused("Covid-19/a.png", "not_an_image", "text"),))
    assert "1 file was refused: 1 not an image." in one and "Covid-19/a.png" in one
    many = tuple(Refused(f"Covid-19/{n}.png", "truncated", "") for n in range(51))
    html = page(make_result(), refused=many)
    assert "51 files were refused: 51 truncated." in html and "The first 50 of 51" in html
    assert "Covid-19/49.png" in html and "Covid-19/50.png" not in html


def test_the_page_says_how_many_held_out_images_share_a_patient_and_is_no_medical_device(page, make_result):
    html = page(make_result(), limit_per_class=60)
    assert (
        '<td class="number">10</td><td class="number">4</td>' in html and "at most 60 of each class" in html
    )
    assert html.count("Not for clinical use") == 2


def test_the_page_fetches_nothing(page, make_result, failed):
    outside = _Outside()
    outside.feed(page(make_result(), failed))
    assert outside.fetched == []


def test_a_missing_figure_is_a_dash():
    dash = "\N{EN DASH}"
    assert percent(None) == with_interval(None) == dash
    assert with_interval(Value(0.5, None, None, 4)) == "50.0"


def test_time_without_work_is_a_dash(make_result):
    assert timed(make_result(featurize_seconds=None, train_seconds=None)) == "\N{EN DASH}"


def test_the_picture_has_a_row_for_each_actual_class_shaded_by_its_shares(make_result, tmp_path):
    (tmp_path / "m.png").write_bytes(confusion_png(make_result(confusion=((10, 0), (4, 0)))))
    pixels = np.asarray(Image.open(tmp_path / "m.png").convert("L")).astype(int)
    middle, right = pixels.shape[0] // 2, pixels.shape[1] // 2
    upper, lower = pixels[middle - 120], pixels[middle + 180]
    assert upper[right - 160] > 150 > 80 > upper[right + 180]
    assert lower[right - 160] > 150 > 80 > lower[right + 180]
    assert confusion_png(make_result()) == confusion_png(make_result())
