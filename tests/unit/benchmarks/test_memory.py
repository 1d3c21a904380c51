import pytest

from benchmarks.memory import largest_of_each, stages_of


@pytest.mark.parametrize(
    ("backbone", "stages"),
    [("VGG16", ("featurize", "score")), ("ResNet50", ("featurize", "score", "explain"))],
)
def test_explain_applies_the_network_only_with_averaged_features(backbone, stages):
    assert stages_of(backbone) == stages


def test_the_largest_files_of_each_class_are_copied_and_ties_go_to_the_first(tmp_path):
    sizes = {"a/1.png": 3, "a/2.png": 9, "a/3.png": 9, "a/4.png": 9, "b/1.png": 1}
    for path, size in sizes.items():
        file = tmp_path / "data" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)
    folder = largest_of_each(tmp_path / "data", tmp_path / "largest", 2)
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*.png")) == [
        "a/2.png",
        "a/3.png",
        "b/1.png",
    ]
