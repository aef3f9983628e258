"""What a chart says of itself before it is drawn, so that its place is kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from trafficedu.core.charts import Chart, Series


def chart(
    *lines: Sequence[float | None], kind: str = "line", y_from_zero: bool = True, legend_above: bool = False
) -> Chart:
    series = [Series(f"line {number}", values) for number, values in enumerate(lines)]
    names = [str(place) for place in range(len(lines[0]))]
    return Chart("a", "a", kind, names, "place", series, y_from_zero=y_from_zero, legend_above=legend_above)


@pytest.mark.parametrize(
    ("figure", "at_ends"),
    [
        (chart([1, 10], [2, 5]), True),
        (chart([1, 10], [2, 9.5]), False),
        (chart([90, 91], [90, 95], y_from_zero=False), True),
        (chart([90, 91], [90, 95]), False),
        (chart([1, 10], [5, None]), True),
        (chart([1, 10]), False),
        (chart([1, 10], [2, 5], kind="bar"), False),
        (chart([1, 10], [2, 5], legend_above=True), False),
        (chart([None, None], [None, None]), True),
    ],
)
def test_names_stand_at_the_ends_where_the_ends_are_apart(figure: Chart, at_ends: bool) -> None:
    assert figure.names_at_ends is at_ends


def test_lying_bars_have_a_row_each_and_share_it_where_there_are_several() -> None:
    assert chart([1] * 10, kind="bar").rows == 10
    assert chart([1] * 10, [1] * 10, kind="bar").rows == 12
    assert chart([1] * 200, kind="bar").rows == 60
