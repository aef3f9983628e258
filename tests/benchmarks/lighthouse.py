"""Lighthouse's four scores of pages of a served demo district, on the phone and at the desk, as a table.

Lighthouse is no part of the project: ``npm install lighthouse`` in a folder of your own, and name its program.

    .venv/bin/trafficedu serve --demo
    CHROME_PATH=/usr/bin/chromium .venv/bin/python -m tests.benchmarks.lighthouse ~/lh/node_modules/.bin/lighthouse
    ... lighthouse officer:/record analyst:/overview      only these
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path

import httpx

PASSWORD = "xiaoshan-demo"
PAGES = [
    ":/sign-in",
    "officer:/",
    "officer:/record",
    "officer:/violations",
    "supervisor:/",
    "supervisor:/reviews",
    "station:/",
    "station:/sessions",
    "company:/",
    "company:/notices",
    "grid:/",
    "leader:/",
    "leader:/hazards",
    "analyst:/",
    "analyst:/overview",
    "analyst:/screen",
    "analyst:/evaluation",
    "analyst:/education",
    "admin:/",
]
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]


def sign_in(base: str, username: str) -> str:
    """Return the cookie of a demo account, or "" for nobody."""
    if not username:
        return ""
    with httpx.Client(base_url=base) as client:
        page = client.get("/sign-in").text
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
        answer = client.post("/sign-in", data={"csrf_token": token, "username": username, "password": PASSWORD})
        assert answer.status_code == 303, (username, answer.status_code)
        return f"trafficedu={client.cookies['trafficedu']}"


def scores(program: str, address: str, cookie: str, *, desk: bool) -> tuple[list[int], list[str]]:
    """Return the scores of a page in the order of :data:`CATEGORIES`, and what cost it points."""
    with tempfile.NamedTemporaryFile(suffix=".json") as written:
        command = [program, address, "--quiet", "--output=json", f"--output-path={written.name}"]
        command += ["--chrome-flags=--headless --no-sandbox", f"--only-categories={','.join(CATEGORIES)}"]
        command += [f"--extra-headers={json.dumps({'Cookie': cookie})}"] if cookie else []
        command += ["--preset=desktop"] if desk else []
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        report = json.loads(Path(written.name).read_text("utf-8"))
    faults = []
    for category in CATEGORIES:
        for part in report["categories"][category]["auditRefs"]:
            audit = report["audits"][part["id"]]
            if part["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                faults.append(f"{part['id']} {audit.get('displayValue', '')}".strip())
    return [round((report["categories"][name]["score"] or 0) * 100) for name in CATEGORIES], faults


def main() -> None:
    """Print a line a page: role, address, then the four scores on the phone and at the desk."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lighthouse", help="the program")
    parser.add_argument("pages", nargs="*", default=PAGES, help="ACCOUNT:/ADDRESS")
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    options = parser.parse_args()
    cookies: dict[str, str] = {}
    for page in options.pages:
        account, address = page.split(":", 1)
        if account not in cookies:
            cookies[account] = sign_in(options.base, account)
        cells = []
        for desk in (False, True):
            four, faults = scores(options.lighthouse, options.base + address, cookies[account], desk=desk)
            cells.append(" / ".join(map(str, four)))
            if faults:
                cells[-1] += f" ({'; '.join(faults)})"
        print(f"| {account or 'nobody'} `{address}` | {' | '.join(cells)} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
