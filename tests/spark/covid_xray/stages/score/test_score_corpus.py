"""Whatever lies in a folder: every file ends in `scores` or in `quarantine`, as it should."""

from datetime import UTC, datetime

import pytest
from covid_xray.stages.score import score
from pyspark.sql import functions as F

from tests.corpus.cases import ACCEPTED, LABEL, amiss, doubles, lay_out
from tests.corpus.named import tells

# When no other test scores, so that these rows are known by it.
NOW = datetime(2026, 5, 6, tzinfo=UTC)
# Without labels there is nothing to dispute: of equal bytes the first are scored.
WITHOUT_LABELS = {"label_conflict": "duplicate"}


@pytest.fixture
def folder(tmp_path):
    root = lay_out(tmp_path / "from everywhere")
    (root / "Else").mkdir()
    for path, (content, _) in doubles(LABEL, "Else").items():
        (root / path).write_bytes(content)
    return root


def test_every_file_is_scored_or_quarantined_as_it_should(trained, run_id, said, folder, refused):
    score(trained.tables, trained.settings, folder, trained.model(), run_id, NOW, said.append)
    scored = trained.tables.read("scores").where(F.col("scored_at") == F.lit(NOW)).collect()
    ended = {path: row.reason for path, row in refused().items()}
    assert said[-1].note.startswith(f"0 images scored before, {len(ended)} files refused, {len(scored)} ")
    assert ended.keys().isdisjoint(row.path for row in scored)
    ended |= {row.path: ACCEPTED for row in scored}
    expected = {path: WITHOUT_LABELS.get(end, end) for path, (_, end) in doubles(LABEL, "Else").items()}
    expected[f"{LABEL}/disputed.png"] = ACCEPTED
    assert {path: ended.pop(path, "lost") for path in expected} == expected
    assert amiss(ended) == {}
    assert all(sum(row.probability) == pytest.approx(1) for row in scored)
    assert not tells(str((scored, refused())).encode())
