import subprocess
import sys
from pathlib import Path

from covid_xray.evaluation.metrics.__main__ import document
from covid_xray.evaluation.metrics.records import METRICS

COMMAND = "-m covid_xray.evaluation.metrics"
PAGE = Path(__file__).parents[5] / "docs/metrics.md"


def test_the_page_is_what_the_records_say():
    assert PAGE.read_text() == document(), (
        f"{PAGE.name} and the records disagree; run: .venv/bin/python {COMMAND} > docs/metrics.md"
    )


def test_every_metric_has_a_row():
    lines = document().splitlines()
    for metric in METRICS:
        assert any(line.startswith(f"| `{metric.name}` |") and metric.meaning in line for line in lines)


def test_the_page_is_short_and_its_first_line_says_for_whom():
    assert len(PAGE.read_text().split()) < 900
    assert "for readers" in PAGE.read_text().splitlines()[0]


def test_a_range_that_depends_on_the_number_of_classes_says_so():
    assert "| 0 to 1 for two classes, 0 to 2 for three |" in document()
    assert "| 0 and more |" in document()


def test_the_command_prints_the_page():
    run = subprocess.run([sys.executable, *COMMAND.split()], capture_output=True, text=True, check=True)
    assert run.stdout == document()
