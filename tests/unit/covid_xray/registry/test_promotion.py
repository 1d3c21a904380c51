import pytest
from covid_xray.registry.promotion import PromotionCriteria, decide, should_promote

CHAMPION = PromotionCriteria("imagenet", accuracy=0.90, ci_high=0.93)


@pytest.mark.parametrize(
    ("accuracy", "promoted"),
    [
        pytest.param(0.94, True, id="above the champion's interval"),
        pytest.param(0.93, False, id="at its upper limit"),
        pytest.param(0.91, False, id="better, within the interval"),
        pytest.param(0.80, False, id="worse"),
        pytest.param(None, False, id="not measured"),
    ],
)
def test_a_version_is_promoted_only_above_the_champions_interval(accuracy, promoted):
    assert should_promote(PromotionCriteria("file", accuracy, 0.99), CHAMPION) is promoted


def test_random_weights_never_replace_trained_ones_and_are_always_replaced_by_them():
    random = PromotionCriteria("random", accuracy=1.0, ci_high=1.0)
    assert not should_promote(random, CHAMPION)
    assert should_promote(CHAMPION, random)
    assert should_promote(random, PromotionCriteria("random", accuracy=0.5, ci_high=0.6))


def test_a_champion_without_a_measured_accuracy_is_replaced_by_a_measured_version():
    assert should_promote(CHAMPION, PromotionCriteria("imagenet"))
    assert not should_promote(PromotionCriteria("imagenet"), PromotionCriteria("imagenet"))


@pytest.mark.parametrize(
    "criteria", [CHAMPION, PromotionCriteria("random"), PromotionCriteria("file", 0.1 + 0.2)]
)
def test_criteria_are_restored_from_the_tags_of_a_version(criteria):
    tags = criteria.tags()
    assert PromotionCriteria.of(tags) == criteria
    assert not any(set(".,-=/:") & set(key) for key in tags), "Unity Catalog does not allow these in tag keys"


def test_the_first_version_is_the_champion_until_one_exceeds_its_interval(registry, log):
    first = log("first", CHAMPION)
    assert decide(registry, first) == f"{first.name} version 1 is the champion"
    within = decide(registry, log("within", PromotionCriteria("imagenet", 0.92, 0.95)))
    assert within.startswith(f"{first.name} version 2 is registered; version 1 stays the champion")
    assert registry.champion(first.name).number == "1"
    # Compared with the champion's interval, not with that of the version in between.
    assert decide(registry, log("beyond", PromotionCriteria("imagenet", 0.94, 0.96))).endswith(
        "3 is the champion"
    )
    assert registry.champion(first.name).number == "3"
    assert "version 3 stays" in decide(registry, log("random", PromotionCriteria("random", 1.0, 1.0)))
    assert registry.champion(first.name).number == "3"
