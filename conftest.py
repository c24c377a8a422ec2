"""What every test and every example in a docstring shares."""

import sys

import pytest


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    """Pyplot keeps figures until they are closed, and warns of many."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
