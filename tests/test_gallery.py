"""The gallery page shows the code that its script runs, and has every figure."""

from __future__ import annotations

import runpy
from pathlib import Path

from dynrnn import plot

DOCS = Path(__file__).parents[1] / "docs"
GALLERY = runpy.run_path(str(DOCS / "gallery.py"))
AGAIN = "Run: python docs/gallery.py"


def test_the_page_is_what_the_script_would_write():
    assert (DOCS / "gallery.md").read_text(encoding="utf-8") == GALLERY["page"](), AGAIN


def test_every_figure_is_there_and_no_other():
    names = sorted(figure.__name__ for figure in GALLERY["FIGURES"])
    assert sorted(file.stem for file in (DOCS / "gallery").iterdir()) == names, AGAIN


def test_every_kind_of_plot_has_a_figure():
    kinds = set(plot.__all__) - {"COLORS", "figure", "save", "style"}
    assert [kind for kind in kinds if f"dr.plot.{kind}(" not in GALLERY["page"]()] == []
