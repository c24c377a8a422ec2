"""The README keeps its word: its code runs, its links lead somewhere, and what the checks run is what it shows."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dynrnn

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def test_the_code_runs_from_top_to_bottom(tmp_path):
    pytest.importorskip("statsmodels")
    script = tmp_path / "readme.py"
    script.write_text("\n".join(blocks("python")), encoding="utf-8")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 0 < float(done.stdout) < 100  # the mean absolute error it prints: sunspot numbers reach 200


def test_a_system_is_shown_in_at_most_fifteen_lines():
    shown = next(block for block in blocks("python") if "class " in block)
    assert len(shown.splitlines()) <= 15


def test_there_are_exactly_two_set_up_commands():
    commands = "".join(blocks("sh")).splitlines()
    assert len(commands) == 2
    for command in commands:
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")


def test_the_checks_run_the_command_that_the_readme_shows():
    """`.ci/run` takes it out of the README: the same expression must find the same line."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    pattern = re.search(r"grep '(.*?)' README\.md", script).group(1)
    found = [line for line in README.splitlines() if re.search(pattern, line)]
    assert found == "".join(blocks("sh")).splitlines()
    assert found[1].endswith("-m pytest -q -n auto")
    assert 'tests=$(tail -n 1 <<<"$setup")' in script
    assert 'bash -c "$tests"' in script


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_links_lead_somewhere(target):
    assert (ROOT / target).exists()


def test_one_version_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "dynrnn/__init__.py"
    assert f"version: {dynrnn.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {dynrnn.__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
