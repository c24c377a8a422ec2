"""What was learnt, and how well: measures of behaviour, as labelled data."""

from dynrnn.analysis.psychometric import psychometric_curve, psychometric_fit
from dynrnn.analysis.reaction import reaction_times

__all__ = ["psychometric_curve", "psychometric_fit", "reaction_times"]
