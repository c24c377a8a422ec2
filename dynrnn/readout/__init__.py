"""Readouts: maps from the states of a network to what an observer wants of them."""

from dynrnn.readout.ridge import Ridge

__all__ = ["Ridge"]
