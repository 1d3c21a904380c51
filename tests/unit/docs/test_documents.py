"""What the pages say is there: short pages, whole links, commands that exist, paths that exist."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from sparkdl.backbones import BACKBONES

from benchmarks.__main__ import main as bench
from data_upload.__main__ import main as data_upload
from jobs.local.__main__ import main as local
from tests.unit.docs.pages import DOCS, PAGES, README, ROOT, anchors, blocks, commands, links, prose, spans

MOST_WORDS = 900
# Leads to a page for each class.
OF_SPARKDL = ROOT / "docs" / "sparkdl.md"
# As long as what they list: records, or versions.
LISTS = {"backbones.md", "baselines.md", "datasets.md", "metrics.md", "tables.md", "CHANGELOG.md"}
MOST_BYTES_OF_A_PICTURE = 150_000
# Which parser explains the options of a command; the others have none of their own.
EXPLAINED_BY: dict[str, Callable[[list[str]], int]] = {
    **dict.fromkeys(("fetch", "upload", "download"), data_upload),
    **dict.fromkeys(("run", "score", "evaluate", "sql", "clean", "cluster"), local),
    "bench": lambda argv: bench(argv[1:]),
}
# Handled by wrapper.sh itself, whatever the command.
EVERYWHERE = {"--yes", "--help"}
# Made on a person's machine, so not among the files of the repository.
MADE = ("out/", ".venv/", ".databricks/")
SUFFIXES = {".py", ".md", ".yml", ".yaml", ".toml", ".sh", ".lock", ".cff"}
SOURCES = ("sparkdl", "radiograph", "logistic", "jobgraph", "covid_xray", "data_upload", "jobs", "benchmarks")

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture(scope="module")
def known_commands() -> set[str]:
    """The commands that wrapper.sh branches to."""
    script = (ROOT / "wrapper.sh").read_text(encoding="utf-8")
    branches = re.findall(r"^([a-z][a-z |-]*)\)", script.partition("case $command in")[2], re.MULTILINE)
    return {name for branch in branches for name in branch.split(" | ")}


@pytest.fixture
def options_of(capsys: pytest.CaptureFixture[str]) -> Callable[[list[str]], set[str]]:
    """Return the options that a command's --help names."""

    def ask(argv: list[str]) -> set[str]:
        name = argv[0]
        if argv[:2] == ["run", "dataset_resize"]:
            explain, asked = data_upload, ["resize"]
        elif name in EXPLAINED_BY:
            explain, asked = EXPLAINED_BY[name], argv[: 2 if name == "cluster" else 1]
        else:
            return set()
        with pytest.raises(SystemExit):
            explain([*asked, "--help"])
        return set(re.findall(r"--[a-z-]+", capsys.readouterr().out))

    return ask


@each_page
def test_a_page_is_short_enough_to_be_read(page: Path) -> None:
    words = len(page.read_text(encoding="utf-8").split())
    assert words <= MOST_WORDS or page.name in LISTS, f"{words} words"


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.name)
def test_a_page_begins_with_whom_it_is_for(page: Path) -> None:
    title, first = [line for line in page.read_text(encoding="utf-8").splitlines() if line][:2]
    assert ", for " in title or re.match(r"\*?For ", first if title.startswith("#") else title)


@each_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in links(page):
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), f"{link}: no such file"
        assert not anchor or anchor in anchors(target), f"{link}: no such heading"


def test_the_readme_leads_to_every_page() -> None:
    pages = [page for page in PAGES[1:] if page.parent != OF_SPARKDL.with_suffix("")]
    assert _linked(README).issuperset(pages)
    assert _linked(OF_SPARKDL).issuperset(set(DOCS) - set(pages))


def _linked(page: Path) -> set[Path]:
    return {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}


@each_page
def test_every_command_is_one_that_the_wrapper_knows(
    page: Path, known_commands: set[str], options_of: Callable[[list[str]], set[str]]
) -> None:
    for argv in commands(page):
        assert not argv or argv[0] in known_commands, f"no such command: {argv}"
        given = {argument for argument in argv if argument.startswith("--")} - EVERYWHERE
        if argv and argv[0] != "test":
            assert given <= options_of(argv), f"no such option: {argv}"


@each_page
def test_every_run_is_one_that_can_be_run(page: Path) -> None:
    tasks = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["tasks"]
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    own = [name for block in blocks for name in yaml.safe_load(block).get("networks", {})]
    runs = {f"{backbone}_{task}_classification" for backbone in [*BACKBONES, *own] for task in tasks}
    named = [argv[1] for argv in commands(page) if argv[:1] == ["run"] and len(argv) > 1]
    assert set(named) <= runs | {"all", "sample", "dataset_resize"}


@each_page
def test_every_path_in_backticks_exists(page: Path) -> None:
    paths = [span for span in spans(page) if re.fullmatch(r"\.?[\w-][\w./-]*", span)]
    # `VGG16_multiclass/3` is version 3 of a model.
    named = [path for path in paths if re.search(r"/(?!\d+$)", path) or Path(path).suffix in SUFFIXES]
    missing = [path for path in named if not path.startswith(MADE) and not (ROOT / path).exists()]
    assert missing == []


@each_page
def test_every_module_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    given = [*spans(page), *re.findall(r"-m\s+([\w.]+)", text)]
    modules = [name for name in given if re.fullmatch(rf"(?:{'|'.join(SOURCES)})(?:\.\w+)+", name)]
    assert [name for name in modules if not _is_module_or_name_in_one(name)] == []


@each_page
def test_every_setting_in_backticks_is_one_of_config_yaml(page: Path) -> None:
    settings = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    sections = {name for name, value in settings.items() if isinstance(value, dict)}
    named = [span.split(".") for span in spans(page) if re.fullmatch(r"[a-z_]+\.[a-z_]+", span)]
    assert [name for name in named if name[0] in sections and name[1] not in settings[name[0]]] == []


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.png")), ids=lambda file: file.name)
def test_a_picture_is_small_and_shown_somewhere(picture: Path) -> None:
    assert picture.stat().st_size <= MOST_BYTES_OF_A_PICTURE
    assert any(picture == (page.parent / link).resolve() for page in PAGES for link in links(page))


def test_the_drawing_of_the_house_has_the_layers_that_lint_holds_it_to() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = (contract["layers"] for contract in contracts["contracts"] if contract["id"] == "layers")
    level = {name: depth for depth, layer in enumerate(layers) for name in re.split(r" [:|] ", layer)}
    (drawing,) = blocks(ROOT / "CONTRIBUTING.md", "mermaid")
    house = drawing.partition("subgraph covid_xray\n")[2].partition("\n  end\n")[0]
    assert [name for name in level if not re.search(rf"\b{name}\b", house)] == []
    arrows = re.findall(r"(\w+)(?:\[.*\])? --> (\w+)", house)
    assert [(upper, lower) for upper, lower in arrows if level[upper] >= level[lower]] == []


def test_no_page_speaks_of_a_file_of_todays_machine() -> None:
    assert [page.name for page in PAGES if re.search(r"/(?:tmp|work|root|home)/", prose(page))] == []


def test_there_are_pages() -> None:
    assert len(DOCS) > 5 and any(commands(page) for page in DOCS)


def _is_module_or_name_in_one(dotted: str) -> bool:
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        for root in (ROOT / "bundle", ROOT):
            place = root.joinpath(*parts[:end])
            file = place.with_suffix(".py") if place.with_suffix(".py").is_file() else place / "__init__.py"
            if file.is_file():
                left = parts[end:]
                return not left or (len(left) == 1 and left[0] in file.read_text(encoding="utf-8"))
    return False
