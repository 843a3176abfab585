# ruff: noqa: INP001 - a hook that mkdocs loads
"""Lay the docs site out as the repository is: pages of `docs/`, of `specs/`, and those at the top.

A relative link between two pages then leads to the same page here and in the site.
"""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
AT_THE_TOP = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
SHOWN = {".md", ".png", ".json"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Replace the files of `docs/` by the same under that name, and add the others."""
    for each in list(files):
        if each.src_dir == config.docs_dir:
            files.remove(each)
    below = [path for name in ("docs", "specs") for path in sorted((ROOT / name).rglob("*"))]
    for path in [*(ROOT / name for name in AT_THE_TOP), *below]:
        if path.suffix in SHOWN:
            source = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, source, abs_src_path=str(path)))
    return files
