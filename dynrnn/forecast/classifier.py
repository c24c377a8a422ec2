"""`ReservoirClassifier`: which class a whole sequence belongs to."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from dynrnn import _check
from dynrnn.forecast._frames import Frame, is_several, read, read_many, same_width
from dynrnn.forecast._reservoir import MODEL, Reservoir, batches, seed_of, states
from dynrnn.forecast._scale import Scale

POOLINGS = ("mean", "last")


class ReservoirClassifier(ClassifierMixin, Reservoir):
    """Classify sequences by the states that an echo state network passes through.

    Each sequence drives the reservoir from rest; its states are pooled to one vector, their mean or the last, and ridge
    regression on targets of -1 and +1, one for each class against the rest, decides.

    Parameters
    ----------
    units : number of units N.
    spectral_radius : of W; None leaves a topology as drawn.   leak : a, in (0, 1].
    input_scaling : W_in is uniform on [-s, s]; a number, or one per feature.   bias_scaling : b is uniform on [-s, s].
    topology, density, in_degree : the graph of W, a name of `dynrnn.couplings.graphs`, and for "random" its share of
        connections or the connections per unit (10).
    activation : f, as for `ESN`.
    alpha : penalty of the readout; "gcv", or a list of candidates, chooses by generalised cross-validation.
    washout : rows of each sequence left out of the mean; None is a tenth of the shortest, at most 100.
    pooling : "mean" of the states, or the "last" of them.
    random_state : seed. None draws a new one in each fit; with a number, the same data give the same bits.

    Attributes
    ----------
    classes_, esn_, readout_, x_scale_, washout_, seed_, n_features_in_.

    Source: the pooled states as features as in Bianchi, Scardapane, Løkse and Jenssen, IEEE Trans. Neural Networks and
    Learning Systems 32 (2021) 2169; ridge on one-against-rest targets as in scikit-learn's ``RidgeClassifier``.

    >>> import numpy as np
    >>> time, rng = np.arange(60), np.random.default_rng(0)
    >>> waves = [np.sin(rate * time + rng.uniform(0, 6)) for rate in [0.2, 0.5] * 20]
    >>> labels = np.array(["slow", "fast"] * 20)
    >>> model = ReservoirClassifier(50).fit(waves[:20], labels[:20])
    >>> bool((model.predict(waves[20:]) == labels[20:]).mean() > 0.9)
    True
    """

    stored = MODEL | {"classes_": np.array}
    expected_failed_checks: ClassVar[dict[str, str]] = {}
    """Checks of scikit-learn's `check_estimator` that cannot be passed: none."""

    def __init__(
        self,
        units: int = 100,
        *,
        spectral_radius: float | None = 0.9,
        leak: float = 1.0,
        input_scaling: Any = 0.5,
        bias_scaling: float = 0.5,
        topology: str = "random",
        density: float | None = None,
        in_degree: int | None = None,
        activation: Any = "tanh",
        alpha: Any = "gcv",
        washout: int | None = 0,
        pooling: str = "mean",
        random_state: Any = 0,
    ):
        self.units = units
        self.spectral_radius = spectral_radius
        self.leak = leak
        self.input_scaling = input_scaling
        self.bias_scaling = bias_scaling
        self.topology = topology
        self.density = density
        self.in_degree = in_degree
        self.activation = activation
        self.alpha = alpha
        self.washout = washout
        self.pooling = pooling
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> ReservoirClassifier:
        """Learn from labelled sequences.

        Parameters
        ----------
        X : a list of sequences (time,) or (time, feature), of any lengths; or (series, time, feature); or (series, time),
            whose rows are sequences of a single feature.
        y : (series,) labels.

        Raises
        ------
        ValueError, TypeError : as many labels as sequences are wanted, of two classes at least; NaN or infinity; a washout
            as long as a sequence; hyper-parameters out of range.
        """
        if y is None:
            remedy = "This estimator requires y to be passed, but the target y is None."
            _check.fail("y", "None", "labels (series,)", remedy)
        sequences = self._read(X, reset=True)
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        if len(labels) != len(sequences):
            _check.fail("y", f"{len(labels)} label(s)", f"{len(sequences)}, one for each sequence of X")
        _check.choice("pooling", self.pooling, POOLINGS)
        self.classes_, index = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            _check.fail("y", "1 class", "at least two", "There is nothing to tell apart.")
        self.washout_ = self._skipped("X", [len(s) for s in sequences])
        seed = seed_of(self.random_state)
        self.x_scale_ = Scale.of("X", [s.values for s in sequences])
        self.esn_ = self._draw(sequences[0].width, seed)
        targets = np.where(index[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)
        targets = targets[:, 1:] if len(self.classes_) == 2 else targets
        self.readout_ = self._readout(len(sequences)).partial_fit(self._pooled(sequences), targets)
        self.seed_ = seed
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """How far each sequence is on the side of a class (series, class); of two classes (series,), positive for the second."""
        self._fitted()
        score = self.readout_.predict(self._pooled(self._read(X, reset=False)))
        return score[:, 0] if len(self.classes_) == 2 else score

    def predict(self, X: Any) -> np.ndarray:
        """The label of each sequence (series,)."""
        score = self.decision_function(X)
        return self.classes_[(score > 0).astype(int) if score.ndim == 1 else score.argmax(axis=1)]

    # ------------------------------------------------------------------------------------------------------- inside

    def _pooled(self, sequences: list[Frame]) -> np.ndarray:
        """One vector (series, unit) for each sequence."""
        out = np.zeros((len(sequences), self.esn_.size))
        for where in batches([len(s) for s in sequences]):
            inputs = np.stack([self.x_scale_.forward(sequences[i].values) for i in where])
            start = np.zeros((where.size, self.esn_.size))
            total, last = np.zeros_like(start), np.empty_like(start)
            which = np.arange(0) if self.pooling == "last" else None
            for row, x in states(self.esn_, start, inputs, last, which=which):
                total += x[:, max(0, self.washout_ - row) :].sum(axis=1) if which is None else 0.0
            out[where] = last if self.pooling == "last" else total / max(1, inputs.shape[1] - self.washout_)
        return out

    def _read(self, X: Any, reset: bool) -> list[Frame]:
        """The sequences of X, as many features as in fit. The rows of a matrix are sequences of one feature."""
        if is_several(X):
            sequences = read_many("X", X)[0]
            named = sequences[0].values
        else:
            matrix = read("X", X)
            if matrix.flat:
                hint = "Reshape your data: X[:, None] for many sequences of one row, X[None] for a single sequence."
                _check.fail("X", f"shape ({len(matrix)},)", "(series, time)", hint)
            sequences = [Frame(row[:, None]) for row in matrix.values]
            named = X if hasattr(X, "iloc") else matrix.values
        validate_data(self, named, reset=reset, skip_check_array=True)
        if not reset:
            same_width("X", sequences[0], self.esn_.input_size)
            shortest = min(map(len, sequences))
            if self.washout_ >= shortest:
                _check.fail("X", f"a sequence of {shortest} rows", f"more than the washout of {self.washout_}")
        return sequences
