"""Numbers that hold: intervals, tests, limits and the trend model. Arrays in, frozen result out.

Knows neither the web nor the database nor what day it is. Importing a module of this package loads numpy
and ``scipy.special`` only; scikit-learn is loaded when a trend model is first fitted.
"""
