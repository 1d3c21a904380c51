"""Scoring with a checkpoint reads what has arrived: nothing is scored twice, and nothing is lost.

The model here takes all that opens for the same class: that of `score/` takes seconds for each call.
`tests/faults/test_killed_scoring.py` kills real scorings.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from covid_xray.registry.versions import Registered, Version
from covid_xray.stages import score as stage
from covid_xray.stages.score import score
from PIL import Image
from radiograph import Reason, Refused, open_xray, pixel_id

NOW = datetime(2026, 7, 8, tzinfo=UTC)
MODEL = SimpleNamespace(
    about=SimpleNamespace(weights_id="w", classes=("yes", "no")),
    classifier=SimpleNamespace(spread=SimpleNamespace(is_outside=lambda distance: False)),
)


def answers(tables, settings, model, files, known, *_):
    """In place of `apply_model`: chunks of as many images as the settings say."""
    rows = [answer(row, known) for row in files.to_dict("records")]
    size = settings.execution.chunk_images
    yield from (pd.DataFrame(rows[start : start + size]) for start in range(0, len(rows), size))


def answer(row, known):
    shown, reason, detail = None, None, None
    try:
        shown = pixel_id(open_xray(Path(row["file"]).read_bytes()).picture)
        if shown in known.pixel_ids:
            raise Refused(Reason.duplicate, known.why)
    except Refused as refused:
        reason, detail = str(refused.reason), refused.detail
    same = {"prediction": "yes", "probability": [1.0, 0.0], "distance": 1.0}
    return row | same | {"pixel_id": shown, "reason": reason, "detail": detail}


@pytest.fixture
def draw(tmp_path):
    """Draw a picture that no other one resembles."""

    def to(name, seed):
        file = tmp_path / "new images" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (40, 40), dtype=np.uint8)
        Image.fromarray(pixels).save(file)
        return file

    return to


@pytest.fixture
def new(draw):
    """A folder of two pictures."""
    draw("deep/er/b.png", 2)
    return draw("a.png", 1).parent


@pytest.fixture
def score_arrivals(tables, make_settings, new, run_id, said, tmp_path, monkeypatch):
    """Score what has arrived; the paths in `scores`, as often as they stand there, and the note come back."""
    monkeypatch.setattr(stage, "apply_model", answers)

    def run(number="1", **changes):
        settings, version = make_settings(**changes), Registered(Version(run_id, number), MODEL)
        checkpoint = tmp_path / "check point"
        score(tables, settings, new, version, run_id, NOW, said.append, checkpoint=checkpoint)
        rows = tables.matching("scores", {"model": run_id, "model_version": number}).collect()
        return sorted(row.path for row in rows), said[-1].note

    return run


@pytest.fixture
def refused(of_run):
    """The paths that this test's run has in `quarantine`, as often as they stand there."""
    return lambda: sorted(row.path for row in of_run("quarantine"))


def fail(*_):
    raise InterruptedError


def test_what_arrives_is_scored_once_whatever_fails(score_arrivals, draw, new, refused, monkeypatch):
    again = new / "a.png"
    for name in ("half.png", "half too.png"):
        # Of neither has more come yet than what both have in common.
        (new / name).write_bytes(again.read_bytes()[:700])
    with monkeypatch.context() as patched, pytest.raises(InterruptedError):
        # When the first of three chunks is stored.
        patched.setattr(stage, "_first_of_each", lambda rows, shown: fail() if shown else rows)
        score_arrivals(**{"execution.chunk_images": 1})
    assert refused() == []
    with monkeypatch.context() as patched, pytest.raises(InterruptedError):
        # When all is stored.
        patched.setattr(stage.Arrivals, "done", fail)
        score_arrivals()
    assert refused() == ["half too.png", "half.png"]
    shutil.copy(draw("c.png", 3), new / "d.png")
    three = ["a.png", "c.png", "deep/er/b.png"]
    assert score_arrivals() == (three, "2 images scored before, 3 files refused, 1 image scored")
    assert refused() == ["d.png", "half too.png", "half.png"]
    # Their rest has come, and a copy of one that was scored.
    draw("half.png", 4)
    draw("half too.png", 5)
    shutil.copy(again, new / "same.png")
    five = [*three, "half too.png", "half.png"]
    assert score_arrivals() == (five, "1 image scored before, 0 files refused, 2 images scored")
    assert refused() == []


@pytest.mark.thorough
def test_another_version_of_the_model_scores_all_again(score_arrivals):
    paths, _ = score_arrivals("1")
    assert score_arrivals("2") == (paths, "0 images scored before, 0 files refused, 2 images scored")


@pytest.mark.thorough
def test_a_table_made_anew_gets_all_again(score_arrivals, tables, monkeypatch):
    paths, _ = score_arrivals()
    monkeypatch.setattr(type(tables), "id_of", lambda *_: "of another table")
    assert score_arrivals() == (paths, "2 images scored before, 0 files refused, 0 images scored")
