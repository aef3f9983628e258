"""Weeks of remission of 42 children with leukaemia, with the log of their white cell count.

Freireich et al., Blood 1963;21:699, as Cox (J. R. Stat. Soc. B 1972;34:187) and Kalbfleisch and Prentice analysed them.
"""

import numpy as np

DRUG = [
    *[(6, 1, 2.31), (6, 1, 4.06), (6, 1, 3.28), (6, 0, 3.20), (7, 1, 4.43), (9, 0, 2.80), (10, 1, 2.96)],
    *[(10, 0, 2.70), (11, 0, 2.60), (13, 1, 2.88), (16, 1, 3.60), (17, 0, 2.16), (19, 0, 2.05), (20, 0, 2.01)],
    *[(22, 1, 2.32), (23, 1, 2.57), (25, 0, 1.78), (32, 0, 2.20), (32, 0, 2.53), (34, 0, 1.47), (35, 0, 1.45)],
]
PLACEBO = [
    *[(1, 2.80), (1, 5.00), (2, 4.91), (2, 4.48), (3, 4.01), (4, 4.36), (4, 2.42), (5, 3.49), (5, 3.97), (8, 3.52)],
    *[(8, 3.05), (8, 2.32), (8, 3.26), (11, 3.49), (11, 2.12), (12, 1.50), (12, 3.06), (15, 2.30), (17, 2.95)],
    *[(22, 2.73), (23, 1.97)],
]
WEEKS = np.array([row[0] for row in DRUG] + [row[0] for row in PLACEBO], dtype=float)
RELAPSED = np.array([bool(row[1]) for row in DRUG] + [True] * len(PLACEBO))
CELLS = np.array([row[2] for row in DRUG] + [row[1] for row in PLACEBO])
ON_PLACEBO = np.array([0.0] * len(DRUG) + [1.0] * len(PLACEBO))
