"""The planner against what can be counted by hand, and against every other plan."""

from hypothesis import given
from hypothesis import strategies as st

from custom_components.smart_community.field.modbus.learn import Learner
from custom_components.smart_community.field.modbus.plan import (
    MOST_BITS,
    MOST_REGISTERS,
    Block,
    Reach,
    plan,
    plan_lanes,
    probing,
)
from custom_components.smart_community.field.point import DataType, Kind, Lane, Point

FAR = Reach(bits=MOST_BITS, registers=MOST_REGISTERS)


def point(
    address: int, kind: Kind = Kind.INPUT, width: DataType = DataType.UINT16, lane: Lane = Lane.SLOW
) -> Point:
    if kind.is_bit:
        width = DataType.BOOL
    return Point(key=f"{kind}_{address}_{width}", kind=kind, address=address, type=width, lane=lane)


points = st.lists(
    st.builds(
        point,
        st.integers(0, 400),
        st.sampled_from(Kind),
        st.sampled_from([DataType.UINT16, DataType.FLOAT32]),
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda one: one.key,
)


@given(points, st.integers(0, 30))
def test_every_point_is_read_whole_and_no_request_is_larger_than_the_standard_allows(
    wanted: list[Point], gap: int
) -> None:
    blocks = plan(wanted, Reach(bits=gap, registers=gap))
    for one in wanted:
        assert any(block.holds(one) for block in blocks)
    for block in blocks:
        assert 1 <= block.count <= (MOST_BITS if block.kind.is_bit else MOST_REGISTERS)
        inside = sorted(
            (one.address, one.address + one.type.words) for one in wanted if block.holds(one)
        )
        assert inside[0][0] == block.address
        read = block.address
        for start, end in inside:
            assert start - read <= gap
            read = max(read, end)
        assert read == block.end


@given(points, st.integers(0, 30), st.sets(st.integers(0, 400), max_size=8))
def test_no_plan_needs_fewer_requests(wanted: list[Point], gap: int, cuts: set[int]) -> None:
    barriers = {(kind, cut) for kind in Kind for cut in cuts}
    blocks = plan(wanted, Reach(bits=gap, registers=gap), barriers)
    for kind in Kind:
        spans = sorted(
            {(one.address, one.address + one.type.words) for one in wanted if one.kind is kind}
        )
        most = MOST_BITS if kind.is_bit else MOST_REGISTERS
        assert sum(block.kind is kind for block in blocks) == _fewest(spans, gap, most, cuts)


def _fewest(spans: list[tuple[int, int]], gap: int, most: int, cuts: set[int]) -> int:
    """Try every length of every block: `best` is what is needed from each span on."""
    best = [0] * (len(spans) + 1)
    for first in reversed(range(len(spans))):
        end, best[first] = spans[first][1], len(spans)
        for last in range(first, len(spans)):
            start = spans[last][0]
            cut = any(spans[first][0] < one <= start for one in cuts)
            if cut or start - end > gap or max(end, spans[last][1]) - spans[first][0] > most:
                break
            end = max(end, spans[last][1])
            best[first] = min(best[first], 1 + best[last + 1])
    return best[0]


def test_a_dense_unit_of_200_points_costs_four_requests() -> None:
    wanted = [point(address, Kind.DISCRETE, lane=Lane.FAST) for address in range(80)]
    wanted += [point(address, Kind.COIL) for address in range(20)]
    wanted += [point(address) for address in range(60)]
    wanted += [point(address, width=DataType.UINT32) for address in range(60, 100, 2)]
    wanted += [point(address, Kind.HOLDING) for address in range(20)]
    assert len(plan_lanes(wanted, (), Reach())) == 4


def test_a_slow_point_inside_a_fast_block_costs_nothing() -> None:
    wanted = [point(0, Kind.DISCRETE, lane=Lane.FAST), point(1, Kind.DISCRETE)]
    wanted += [point(2, Kind.DISCRETE, lane=Lane.FAST), point(3, Kind.DISCRETE)]
    assert plan_lanes(wanted, (), Reach()) == (
        (Lane.FAST, Block(kind=Kind.DISCRETE, address=0, count=3)),
        (Lane.SLOW, Block(kind=Kind.DISCRETE, address=3, count=1)),
    )


def test_an_idle_fast_point_goes_into_the_slow_lane() -> None:
    wanted = [point(0, Kind.DISCRETE, lane=Lane.FAST)]
    [(lane, _)] = plan_lanes(wanted, {wanted[0].key}, Reach())
    assert lane is Lane.SLOW


def test_a_slow_line_bridges_as_much_as_a_request_costs() -> None:
    assert Reach.at(9600) == Reach(bits=192, registers=12)
    assert Reach.at(115200).registers > Reach.at(9600).registers


@given(st.sets(st.integers(0, 120), min_size=2), st.data())
def test_a_searched_map_reads_every_point_that_the_unit_has_and_crosses_no_hole(
    addresses: set[int], data: st.DataObject
) -> None:
    wanted = [point(address) for address in sorted(addresses)]
    gaps = sorted(set(range(121)) - addresses)
    holes = set(data.draw(st.sets(st.sampled_from(gaps or [200]), max_size=6), label="holes"))
    holes |= data.draw(st.sets(st.sampled_from(sorted(addresses)), max_size=3), label="missing")

    def answers(block: Block) -> bool:
        return not holes & set(range(block.address, block.end))

    [block] = plan(wanted, FAR)
    barriers: set[tuple[Kind, int]] = set()
    if not answers(block):
        search = Learner(block, wanted)
        asked = 0
        while (ask := search.ask) is not None:
            search.told(answered=answers(ask))
            asked += 1
        assert asked <= 4 + 12 * len(holes)
        if search.hopeless:
            assert addresses <= holes
            return
        barriers = search.barriers
    learned = plan(wanted, FAR, barriers)
    for one in wanted:
        [holding] = [block for block in learned if block.holds(one)]
        assert answers(holding) == (one.address not in holes)
    # One block more for each hole, and one for each point that is missing, is all it may cost.
    assert len(learned) <= 1 + 2 * len(holes)


@given(points, st.integers(0, 200))
def test_a_probe_is_of_a_length_that_no_other_request_has(wanted: list[Point], times: int) -> None:
    blocks = plan(wanted, Reach())
    probes = [probing(blocks, times + more) for more in range(2)]
    for probe in probes:
        assert (probe.kind, probe.length) not in {(one.kind, one.length) for one in blocks}
        assert probe.count <= (MOST_BITS if probe.kind.is_bit else MOST_REGISTERS)
    assert probes[0].length != probes[1].length


def test_a_probe_stays_within_what_can_be_addressed() -> None:
    last = Block(kind=Kind.DISCRETE, address=65530, count=6)
    assert [probing([last], times).end for times in range(3)] == [65536] * 3
