"""Puts the top-level ``templates/`` into the wheel as ``trafficedu/templates``.

Everything declarative stands in ``setup.cfg``; only this one copy cannot be said there, because the
templates lie beside the package and not inside it (see docs/adr/0003-templates-beside-the-package.md).
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithTemplates(build_py):
    """Build the package, then copy the page templates into it."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "trafficedu" / "templates"
            shutil.copytree(Path(__file__).parent / "templates", target, dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithTemplates})
