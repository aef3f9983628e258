"""Pages of notices and of the policy that recommends measures."""

from trafficedu.feedback.views import notices, policy
from trafficedu.feedback.views.blueprint import pages

__all__ = ["notices", "pages", "policy"]
