"""What the macros promise in docs/pages.md, read from the pages they make."""

import json
import re

import pytest
from flask.testing import FlaskClient

from assets import build
from tests.assets import gallery


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    build.build()
    app = gallery.create()
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def text(client: FlaskClient, address: str) -> str:
    return client.get(address).get_data(as_text=True)


def plain(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", markup))


def test_a_rate_never_stands_without_its_numbers(client: FlaskClient) -> None:
    page = plain(text(client, "/?lang=en"))
    assert "86.7 % (1,204 / 1,388)" in page
    assert "95.0 % (95 / 100) 88.8–97.8 %" in page
    assert "— (0 / 0)" in page


def test_a_colour_is_also_a_word_and_a_shape(client: FlaskClient) -> None:
    page = text(client, "/?lang=zh")
    for name, word in {"green": "绿", "blue": "蓝", "yellow": "黄", "orange": "橙", "red": "红"}.items():
        badge = re.search(rf'<span class="colour colour-{name}">(.*?)</span>', page, re.DOTALL)
        assert badge
        assert "<svg" in badge[1]
        assert word in badge[1]


def test_a_chart_carries_its_figures_escaped_and_as_a_table(client: FlaskClient) -> None:
    page = text(client, "/?lang=en")
    specs = [json.loads(spec) for spec in re.findall(r"data-chart-spec>(.*?)</script>", page, re.DOTALL)]
    assert [spec["id"] for spec in specs] == ["rates", "kinds"]
    assert specs[0]["series"][1]["name"] == "Villages </script>"
    assert re.search(r'data-label="Companies">86\.7<', page)
    assert re.search(r'data-label="Villages &lt;/script&gt;">—<', page)
    assert re.search(r'data-label="Red light">1,204<', page)


def test_only_what_may_be_left_out_is_called_optional(client: FlaskClient) -> None:
    page = text(client, "/kerb?lang=en")
    labels = {
        name: plain(label) for name, label in re.findall(r'<label class="form-label" for="(\w+)">(.*?)</label>', page)
    }
    assert labels == {
        "name": "Name",
        "plate": "Plate (optional)",
        "fine": "Fine (optional)",
        "since": "Since (optional)",
        "document": "Document",
        "village": "Village (optional)",
    }


def test_errors_stand_at_the_field_and_in_a_linked_summary(client: FlaskClient) -> None:
    page = client.post("/kerb?lang=en", data={"plate": "浙A 1"}).get_data(as_text=True)
    assert '<a href="#name">Name: Enter the name.</a>' in page
    assert '<a href="#who">Offender: Choose one.</a>' in page
    assert re.search(r'<input aria-describedby="name-error" aria-invalid="true"[^>]* id="name"', page)
    assert page.index('id="name-error"') < page.index(' id="name"')
    assert 'value="浙A 1"' in page


def test_a_field_keeps_its_own_attributes(client: FlaskClient) -> None:
    page = text(client, "/kerb")
    assert 'class="form-control plate"' in page
    assert 'aria-describedby="plate-hint"' in page
    assert 'autocomplete="name"' in page
    assert re.search(r'<input[^>]*inputmode="numeric"[^>]*id="fine"|<input[^>]*id="fine"[^>]*inputmode="numeric"', page)
    assert page.count('name="reference"') == 1


def test_a_list_says_how_it_is_sorted_and_turns_round(client: FlaskClient) -> None:
    page = text(client, "/?kind=2007&after=k1.x")
    assert 'aria-sort="descending"' in page
    assert 'href="/?kind=2007&amp;sort=occurred"' in page


def test_the_pages_of_a_list_lead_on_from_its_last_row_and_back_from_its_first(client: FlaskClient) -> None:
    page = text(client, "/?kind=2007&after=k1.x&lang=en")
    assert 'rel="first" href="/?kind=2007&amp;lang=en"' in page
    assert 'rel="prev" href="/?kind=2007&amp;lang=en&amp;before=k1.first"' in page
    assert 'rel="next" href="/?kind=2007&amp;after=k1.last&amp;lang=en"' in page
    assert "more than 1,000 entries" in page
    assert "This is the beginning of the list." in page


def test_messages_are_announced(client: FlaskClient) -> None:
    page = text(client, "/")
    assert re.search(r'role="status">\s*Saved', page)
    assert re.search(r'role="alert">\s*Refused', page)


@pytest.mark.parametrize("code", [400, 403, 404, 409, 413, 429, 500])
@pytest.mark.parametrize("locale", ["zh", "en"])
def test_an_error_page_speaks_the_reader_s_language(client: FlaskClient, code: int, locale: str) -> None:
    page = text(client, f"/error/{code}?lang={locale}&anonymous=1")
    main = plain(page[page.index("<main") :])
    assert ("首页" if locale == "zh" or code == 500 else "Go to the home page") in main
    assert f"/error/{code}" in main


def test_no_page_needs_inline_styles_or_scripts(client: FlaskClient) -> None:
    for address in ("/", "/kerb", "/error/404", "/error/500"):
        page = text(client, address)
        assert not re.search(r"\sstyle=|\son[a-z]+=", page)
        assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", page))
