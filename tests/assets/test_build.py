"""The build is complete, repeatable and quick when there is nothing to do."""

import json
import time
from pathlib import Path

import pytest

from assets import build


@pytest.fixture(scope="module")
def built() -> Path:
    build.build()
    return build.BUILD


def test_the_manifest_names_every_bundle_and_each_file_is_there(built: Path) -> None:
    manifest = build.read_manifest(built)
    assert {
        "app.css",
        "app.js",
        "charts.js",
        "kerb.js",
        "scan-worker.js",
        "zxing_reader.wasm",
        "worker.js",
        "icon-192.png",
    } <= manifest.keys()
    for logical, hashed in manifest.items():
        name, ending = logical.rsplit(".", 1)
        assert hashed.startswith(f"{name}-")
        assert hashed.endswith(f".{ending}")
        assert (built / hashed).stat().st_size > 0


def test_nothing_but_the_manifest_s_files_is_left_in_the_folder(built: Path) -> None:
    bundles = build.read_manifest(built).values()
    texts = [name for name in bundles if not name.endswith(".png")]
    compressed = {f"{name}{ending}" for name in texts for ending in (".br", ".gz")}
    known = {*bundles, *compressed, "manifest.json", "licences.txt", ".stamp"}
    assert {path.name for path in built.iterdir()} == known


def test_a_second_build_does_nothing_and_is_quick(built: Path) -> None:
    before = time.perf_counter()
    assert build.build() == []
    assert time.perf_counter() - before < 2


def test_the_same_sources_give_the_same_names(built: Path, tmp_path: Path) -> None:
    assert build.build_bundles(tmp_path)
    assert build.read_manifest(tmp_path) == build.read_manifest(built)
    assert not build.build_bundles(tmp_path)


def test_a_lost_bundle_is_made_again(built: Path, tmp_path: Path) -> None:
    build.build_bundles(tmp_path)
    lost = tmp_path / build.read_manifest(tmp_path)["app.css"]
    lost.unlink()
    assert build.build_bundles(tmp_path)
    assert lost.is_file()


def test_the_licence_of_every_bundled_package_is_alongside(built: Path) -> None:
    licences = (built / "licences.txt").read_text(encoding="utf-8")
    for package in ("bootstrap 5.", "echarts 6.", "htmx.org 2.", "idb 8.", "zrender 6.", "zxing-wasm 3."):
        assert f"\n{package}" in f"\n{licences}"


def test_scripts_need_neither_eval_nor_another_host(built: Path) -> None:
    manifest = build.read_manifest(built)
    page = (build.ROOT / "templates" / "base.html").read_text(encoding="utf-8")
    for forbidding in ('"allowEval": false', '"includeIndicatorStyles": false', '"selfRequestsOnly": true'):
        assert forbidding in page
    assert "@import" not in (built / manifest["app.css"]).read_text(encoding="utf-8")
    assert "url(http" not in (built / manifest["app.css"]).read_text(encoding="utf-8")


def test_the_lock_file_names_no_host_and_exact_versions() -> None:
    lock = (build.SOURCES / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    wanted = json.loads((build.SOURCES / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(version[0].isdigit() for version in wanted.values())
