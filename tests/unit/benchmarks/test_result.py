import pytest

from benchmarks.result import Goal, Ratio


@pytest.mark.parametrize(
    ("goal", "inside", "outside", "text"),
    [
        (Goal(low=0.9), [0.9, 3], [0.8999], ">= 0.9"),
        (Goal(high=6), [6, 0], [6.001], "<= 6"),
        (Goal(low=0.9, high=1.1), [0.9, 1.1], [0.89, 1.11], "0.9 to 1.1"),
    ],
)
def test_a_goal_includes_its_limits(goal, inside, outside, text):
    assert all(map(goal.met_by, inside)) and not any(map(goal.met_by, outside))
    assert str(goal) == text


def test_an_entry_of_bench_json_contains_ratio_goal_and_measurements():
    ratio = Ratio("ours / theirs", 1.99996, Goal(low=2), {"ours s": 1.23456})
    assert ratio.as_json() == {
        "name": "ours / theirs",
        "ratio": 2.0,
        "goal": ">= 2",
        "met": False,
        "measured": {"ours s": 1.235},
    }


@pytest.mark.parametrize(("ratio", "text"), [(0.91234, "0.912"), (876.5, "876"), (1049.6, "1050")])
def test_a_ratio_is_shown_without_an_exponent(ratio, text):
    assert Ratio("ours / theirs", ratio, Goal(high=2)).shown == text
