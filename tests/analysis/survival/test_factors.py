"""The columns of a model: small kinds are put together, and no more columns than the events bear."""

import numpy as np

from trafficedu.analysis.survival.factors import OTHER, design_of


def levels(**people: int) -> list[str]:
    return [level for level, number in people.items() for _ in range(number)]


def half(number: int) -> list[bool]:
    return [place % 2 == 0 for place in range(number)]


def test_the_largest_level_is_what_the_others_are_compared_with() -> None:
    design = design_of({"age": levels(young=40, old=60)}, half(100))
    assert [column.level for column in design.columns] == ["young"]
    assert [column.level for column in design.references] == ["old"]
    assert design.matrix.sum() == 40
    assert (design.columns[0].people, design.columns[0].events) == (40, 20)


def test_small_levels_are_put_together_and_with_the_reference_where_still_small() -> None:
    design = design_of({"kind": levels(a=60, b=12, c=14, d=40)}, half(126))
    assert [column.level for column in design.columns] == ["d", OTHER]
    assert design.columns[1].people == 26
    lone = design_of({"kind": levels(a=60, b=7, d=40)}, half(107))
    assert [column.level for column in lone.columns] == ["d"]
    assert lone.references[0].people == 67


def test_the_last_factor_goes_where_events_are_few() -> None:
    event = np.zeros(120, dtype=bool)
    event[[*range(7), *range(60, 68)]] = True
    first, second = levels(x=60, y=60), ["p", "q"] * 60
    assert [column.factor for column in design_of({"one": first, "two": second}, event).columns] == ["one", "two"]
    design = design_of({"one": first, "two": second}, event, reserved=2)
    assert [column.factor for column in design.columns] == ["one"]
    assert design.left_out == ["two"]


def test_one_level_is_no_factor_and_nobody_is_no_design() -> None:
    design = design_of({"one": levels(x=50)}, half(50))
    assert design.matrix.shape == (50, 0)
    assert design.left_out == ["one"]
    assert design_of({"one": []}, []).matrix.shape == (0, 0)
