import json

import pytest

from custom_components.smart_community.field.point import (
    DataType,
    Kind,
    Lane,
    Point,
    WordOrder,
)

LEVEL = Point(
    key="input_4",
    kind=Kind.INPUT,
    address=4,
    type=DataType.INT32,
    word_order=WordOrder.LITTLE,
    scale=0.1,
    offset=-5.0,
    unit_of_measurement="cm",
    device_class="distance",
    lane=Lane.FAST,
    no_values=(0x7FFFFFFF,),
    minimum=0.0,
    name="Pump room",
    labels=("flood", "pump"),
)


def test_a_point_comes_back_from_json_as_it_was() -> None:
    assert Point.of(json.loads(json.dumps(LEVEL.plain()))) == LEVEL


def test_only_what_differs_from_the_defaults_is_stored() -> None:
    bare = Point(key="coil_0", kind=Kind.COIL, address=0)
    assert bare.plain() == {"key": "coil_0", "kind": "coil", "address": 0}
    assert Point.of(bare.plain()) == bare


@pytest.mark.parametrize(
    ("change", "error"),
    [({"kind": "input_register"}, ValueError), ({"lane": "medium"}, ValueError)],
)
def test_a_word_that_is_none_is_refused(change: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        Point.of(LEVEL.plain() | change)


def test_a_32_bit_value_takes_two_registers() -> None:
    assert [kind.words for kind in DataType] == [1, 1, 1, 2, 2, 2]
