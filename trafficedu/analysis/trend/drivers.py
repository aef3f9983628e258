"""Covariates as the model may know them: centred within each area, scaled, and never from the future."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trafficedu.analysis.arrays import FloatArray
from trafficedu.analysis.trend.panel import carried_forward

CLIP = 3.0
"""Standard deviations beyond which a covariate is taken as this far: one typing error moves no forecast."""


def within_area_scores(covariates: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Centre each covariate at its area's mean and divide by the pooled standard deviation around those.

    The differences between areas are already in the level; what is left is the movement of each area. Values
    are held for at most 12 months; where nothing is known the score is 0, which says nothing either way.

    Parameters
    ----------
    covariates
        Name -> shape ``(A, T)``, NaN where unknown.

    Returns
    -------
    scores : ndarray
        Shape ``(C, A, T)``, clipped at 3.
    scales : ndarray
        Shape ``(C,)``: one standard deviation in the covariate's own unit; 0 for one that never moves.
    """
    scores, scales = [], []
    for values in covariates.values():
        held = carried_forward(values)
        known = ~np.isnan(held)
        size = np.maximum(known.sum(axis=1, keepdims=True), 1)
        deviation = np.where(known, held - np.where(known, held, 0.0).sum(axis=1, keepdims=True) / size, 0.0)
        scale = float(np.sqrt((deviation**2).sum() / max(int(known.sum()), 1)))
        moves = scale > 1e-9 * max(float(np.abs(np.where(known, held, 0.0)).max(initial=0.0)), 1e-300)
        scales.append(scale if moves else 0.0)
        scores.append(np.clip(deviation / scale, -CLIP, CLIP) if moves else np.zeros(held.shape))
    return np.array(scores), np.array(scales)
