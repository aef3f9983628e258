"""trafficedu (交治通): e-bike violations recorded, riders educated, those who must know told, and all of it counted."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("trafficedu")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0.0.0"
