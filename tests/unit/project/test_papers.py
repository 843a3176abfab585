"""The papers of the project: short, complete, and true of what they name."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
PAPERS = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "docs/glossary.md")
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "specs").rglob("*.md"))
    if page.name != "CHANGELOG.md"
)
"""The pages of today; the changelog may name what a version removed."""
PINNED = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))


def test_the_readme_can_be_read_in_one_go() -> None:
    """Fewer than 900 words; the rest is in the docs."""
    assert len((ROOT / "README.md").read_text().split()) < 900


def test_no_licence_is_claimed() -> None:
    """None has been chosen: there is no licence file, and the README says so."""
    assert [path.name for path in ROOT.iterdir() if path.name.lower().startswith(("licen", "copying"))] == []
    assert "None has been chosen yet" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("paper", PAPERS)
def test_a_make_target_that_is_named_exists(paper: str) -> None:
    """Each `make NAME` in a paper is a target of the Makefile."""
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / paper).read_text(), re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_file_that_is_named_exists(page: Path) -> None:
    """Each `folder/.../file.py` in a page is a file of the project."""
    named = set(re.findall(r"`([a-z_0-9]+(?:/[a-z_0-9]+)+\.py)`", page.read_text()))
    assert sorted(name for name in named if not (ROOT / name).is_file()) == []


def test_the_changelog_keeps_its_form() -> None:
    """Each version is newer than the one below it, and has chapters of Keep a Changelog."""
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = [
        tuple(map(int, each)) for each in re.findall(r"^## (\d+)\.(\d+)\.(\d+), ", text, re.MULTILINE)
    ]
    assert versions == sorted(versions, reverse=True)
    assert versions
    chapters = set(re.findall(r"^### (\w+)", text, re.MULTILINE))
    assert chapters <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_hooks_call_pinned_tools_of_the_checkout() -> None:
    """pre-commit downloads nothing: every hook is local, and its tool is among the locked requirements."""
    repos = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in repos] == ["local"]
    hooks = repos[0]["hooks"]
    assert {hook["language"] for hook in hooks} == {"system"}
    tools = {hook["entry"].split()[0] for hook in hooks}
    assert {tool.removeprefix(".venv/bin/") for tool in tools} == {"ruff", "mypy"}
    assert {"ruff", "mypy"} <= PINNED


def test_the_docs_are_built_from_locked_requirements() -> None:
    """CI builds the site, strictly, with what is pinned."""
    development = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][
        "dev"
    ]
    assert {"mkdocs", "mkdocs-material"} <= {re.split(r"[<>=]", each)[0] for each in development} & PINNED
    assert "step docs make docs" in (ROOT / ".ci" / "run").read_text()
    assert "mkdocs build --strict\n" in (ROOT / "Makefile").read_text()


def test_every_decision_has_its_context_options_and_choice() -> None:
    """A record is dated, and says what there was to choose from."""
    pages = [page for page in sorted((ROOT / "docs" / "decisions").glob("*.md")) if page.name != "index.md"]
    records = [record for page in pages for record in page.read_text().split("\n## ")[1:]]
    assert len(records) > 100
    form = re.compile(
        r".+\n\d{4}-\d\d-\d\d\n\n- \*\*Context:\*\* .+\n- \*\*Options:\*\* .+\n- \*\*Choice:\*\* .+",
        re.DOTALL,
    )
    assert [record.splitlines()[0] for record in records if not form.fullmatch(record.strip())] == []
