"""Compressed answers, and files that browsers keep. The decisions: docs/adr/0018-compression.md."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, request
from flask_compress import Compress
from whitenoise import WhiteNoise
from whitenoise.base import Headers

from trafficedu.core.security import CALCULATING_POLICY, standing_headers

STATIC = Path(__file__).parent.parent / "static"
HASHED = r"-[0-9a-f]{10}\.\w+$"
"""How the build ends the name of a file whose content never changes."""
CALCULATING = "scan-worker-"
"""How the name of the one script begins that runs WebAssembly (docs/adr/0038-scanning-codes.md)."""
OWN_PAGES = {"same-origin", "none"}
"""Where a browser says a request comes from when it is one of our pages, or the person's own doing."""


def init_compression(app: Flask) -> None:
    """Compress what pages answer. Nothing of a stream or of a file, and nothing a stranger could measure."""
    app.config.update(
        COMPRESS_REGISTER=False,
        COMPRESS_MIMETYPES=["text/html", "application/json", "application/problem+json", "image/svg+xml"],
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_LEVEL=4,
        COMPRESS_BR_LEVEL=4,
        COMPRESS_STREAMS=False,
    )
    compress = Compress()
    compress.init_app(app)

    @app.after_request
    def _compress(response: Response) -> Response:
        return compress.after_request(response) if asked_by_ourselves() else response


def asked_by_ourselves() -> bool:
    """Tell whether nobody else can have chosen what this answer repeats.

    Whoever makes somebody's browser ask for addresses of his choice and sees how long the answers are could guess
    what else stands on the page. A browser says where a request comes from (``Sec-Fetch-Site``); one that does not is
    believed where it sends nothing that could be repeated.
    """
    origin = request.headers.get("Sec-Fetch-Site")
    if origin is not None:
        return origin in OWN_PAGES
    return request.method in {"GET", "HEAD"} and not request.query_string


def init_static(app: Flask, *, https: bool) -> None:
    """Serve the built files before the application is asked: compressed by the build, kept for years by browsers."""

    def _add(headers: Headers, path: str, _url: str) -> None:
        for name, value in standing_headers(https=https).items():
            headers[name] = value
        if Path(path).name.startswith(CALCULATING):
            headers["Content-Security-Policy"] = CALCULATING_POLICY

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=STATIC,
        prefix="static/",
        max_age=86_400,
        allow_all_origins=False,
        add_headers_function=_add,
        immutable_file_test=HASHED,
    )
