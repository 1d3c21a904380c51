import pytest
from covid_xray.errors import ModelError
from covid_xray.registry.promotion import PromotionCriteria, decide, reconsider, should_promote

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
    "criteria",
    [
        CHAMPION,
        PromotionCriteria("random"),
        PromotionCriteria("file", 0.1 + 0.2),
        PromotionCriteria("file", 0.9, 0.95, "its accuracy does not exceed that of the baseline border"),
    ],
)
def test_criteria_are_restored_from_the_tags_of_a_version(criteria):
    tags = criteria.tags()
    assert PromotionCriteria.of(tags) == criteria
    assert not any(set(".,-=/:") & set(key) for key in tags), "Unity Catalog does not allow these in tag keys"


def test_the_first_version_is_the_champion_until_one_exceeds_its_interval(registry, log):
    first = log("first", CHAMPION)
    assert decide(registry, first, True) == f"{first.name} version 1 is the champion"
    within = decide(registry, log("within", PromotionCriteria("imagenet", 0.92, 0.95)), True)
    assert within.startswith(f"{first.name} version 2 is registered; version 1 stays the champion")
    assert registry.champion(first.name).number == "1"
    # Compared with the champion's interval, not with that of the version in between.
    beyond = decide(registry, log("beyond", PromotionCriteria("imagenet", 0.94, 0.96)), True)
    assert beyond.endswith("3 is the champion")
    assert registry.champion(first.name).number == "3"
    assert "version 3 stays" in decide(registry, log("random", PromotionCriteria("random", 1.0, 1.0)), True)
    assert registry.champion(first.name).number == "3"


AGAINST = "its accuracy does not exceed that of the baseline border"


def test_a_version_that_its_figures_speak_against_is_no_champion_unless_the_settings_say_so(registry, log):
    version = log("doubtful", PromotionCriteria("imagenet", 0.99, 0.995, AGAINST))
    message = f"{version.name} version 1 is registered; not made champion, as {AGAINST}"
    assert decide(registry, version, True) == message
    assert registry.champion(version.name) is None
    title = version.name.removeprefix("covid_xray_").replace("resnet50", "ResNet50")
    with pytest.raises(ModelError, match=f"has no champion: {AGAINST}; name a version, such as {title}/1"):
        registry.fetch(title)
    assert decide(registry, version, False).endswith("version 1 is the champion")
    message = decide(registry, log("again", PromotionCriteria("imagenet", 0.999, 1.0, AGAINST)), True)
    assert message.endswith(f"not made champion, as {AGAINST}; version 1 stays the champion")


REFUTED = "its AUROC on images from elsewhere, 0.33 (0.16 to 0.52), is no better than chance"


@pytest.fixture
def found(registry):
    """A version as whoever evaluates it gets it: with the tags that the registry has of it now."""

    def find(version):
        return registry.find(f"{version.name.removeprefix('covid_xray_')}/{version.number}")

    return find


def test_what_other_images_say_takes_the_champion_away_and_no_other(registry, log, found):
    champion, other = log("first", CHAMPION), log("second", PromotionCriteria("imagenet", 0.92, 0.95))
    decide(registry, champion, True)
    assert reconsider(registry, other, REFUTED, REFUTED) == ""
    assert registry.champion(champion.name).number == "1"
    note = reconsider(registry, champion, REFUTED, REFUTED)
    assert note == f"{champion.name} version 1 is no longer the champion, as {REFUTED}"
    assert registry.champion(champion.name) is None
    assert found(champion).tags["against"] == REFUTED


def test_what_its_own_images_say_was_known_when_it_became_the_champion(registry, log, found):
    version = log("doubtful", PromotionCriteria("imagenet", 0.99, 0.995, AGAINST))
    decide(registry, version, checked=False)
    assert reconsider(registry, found(version), AGAINST, "") == ""
    assert registry.champion(version.name).number == version.number


def test_a_better_evaluation_gives_it_back_where_there_is_no_other(registry, log, found):
    version = log("first", CHAMPION)
    decide(registry, version, True)
    reconsider(registry, version, REFUTED, REFUTED)
    note = reconsider(registry, found(version), "", "")
    assert note.endswith("1 is the champion, as nothing that was measured speaks against it any longer")
    assert registry.champion(version.name).number == "1" and "against" not in found(version).tags


def test_a_champion_that_somebody_took_away_by_hand_is_not_given_back(registry, log, found):
    version = log("first", CHAMPION)
    assert reconsider(registry, found(version), "", "") == ""
    assert registry.champion(version.name) is None
