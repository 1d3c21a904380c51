"""Tables on a terminal of 80 columns."""

from __future__ import annotations

import pytest
from rich.console import Console

from jobs.local.terminal import Terminal

COLUMNS = ("classifier", "task", "accuracy, % (95 % CI)", "margin over best baseline, points", "time")
LONGEST = ["compressibility", "multiclass", "100.0 (100.0 to 100.0)", "baseline", "1 min 05 s"]


@pytest.fixture
def printed(capsys):
    def table(rows, columns=COLUMNS):
        terminal = Terminal()
        terminal.console = Console(highlight=False, width=80)
        terminal.table("Run r1", columns, rows)
        return [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    return table


def test_headings_are_no_wider_than_what_stands_below_them_or_than_a_word(printed):
    lines = printed([LONGEST])
    assert lines[0] == "Run r1" and lines[-1].split() == " ".join(LONGEST).split()
    assert [line.split()[-1] for line in lines[1:3]] == ["margin", "best"]
    assert max(map(len, lines)) < 80


def test_a_name_goes_on_in_the_next_line_and_no_number_is_cut(printed):
    text = "\n".join(printed([["z" * 60, *LONGEST[1:]]]))
    assert text.count("z") == 60 and "…" not in text
    assert all(cell in text for cell in LONGEST[2:])


def test_a_table_without_rows_has_its_headings(printed):
    assert "classifier" in " ".join(printed([]))
