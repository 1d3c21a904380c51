import pytest
from covid_xray.progress import Progress, counted, duration


@pytest.mark.parametrize(
    ("seconds", "text"), [(7.6, "8 s"), (59.4, "59 s"), (127, "2 min 07 s"), (3900, "1 h 05 min")]
)
def test_a_duration_is_formatted_for_people(seconds, text):
    assert duration(seconds) == text


def test_one_of_a_thing_has_no_plural():
    assert [counted(count, "image") for count in (0, 1, 2)] == ["0 images", "1 image", "2 images"]
    assert [counted(count, "file") for count in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


def test_progress_shows_stage_backbone_rate_and_remaining_time():
    progress = Progress("featurize", "VGG16", done=30, total=90, seconds=15)
    assert str(progress) == "featurize VGG16: 30 of 90 images, 2.0 images/s, 30 s left"


def test_finished_progress_shows_no_remaining_time():
    assert (
        str(Progress("featurize", "VGG16", 90, 90, seconds=45))
        == "featurize VGG16: 90 of 90 images, 2.0 images/s"
    )


def test_a_note_without_counts_is_shown_alone():
    assert str(Progress("ingest", note="60 images accepted")) == "ingest: 60 images accepted"
