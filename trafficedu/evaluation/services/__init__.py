"""Computing and keeping of what takes a fit: trends and effects of campaigns."""

from trafficedu.evaluation.services.results import Answer, effect_of, refresh_one, trend_of

__all__ = ["Answer", "effect_of", "refresh_one", "trend_of"]
