import pytest
from covid_xray.progress import Progress, duration


@pytest.mark.parametrize(
    ("seconds", "text"), [(7.6, "8 s"), (59.4, "59 s"), (127, "2 min 07 s"), (3900, "1 h 05 min")]
)
def test_a_duration_reads_as_a_person_would_say_it(seconds, text):
    assert duration(seconds) == text


def test_progress_tells_stage_backbone_speed_and_time_left():
    progress = Progress("featurize", "VGG16", done=30, total=90, seconds=15)
    assert str(progress) == "featurize VGG16: 30 of 90 images, 2.0 images/s, 30 s left"


def test_what_has_ended_has_no_time_left():
    assert (
        str(Progress("featurize", "VGG16", 90, 90, seconds=45))
        == "featurize VGG16: 90 of 90 images, 2.0 images/s"
    )


def test_a_note_stands_alone_where_nothing_is_counted():
    assert str(Progress("ingest", note="60 images accepted")) == "ingest: 60 images accepted"
