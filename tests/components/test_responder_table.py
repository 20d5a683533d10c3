"""The responders as a table: what goes out comes back the same, and nothing else is lost."""

import csv
import io
import random
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.smart_community.const import DOMAIN
from custom_components.smart_community.core.model import Tier
from custom_components.smart_community.departments import Department
from custom_components.smart_community.loops import LOOPS

from .conftest import responder
from .test_incident import act, member, person

ADDRESSED = ("voice", "sms", "speaker", "chat")
DUTIES = (
    "daily 00:00-24:00",
    "mon-fri 08:00-20:00\nsat,holiday 20:00-08:00",
    "\u5468\u4e00-\u5468\u4e94 08:00-20:00",
)
NAMES = ("Desk", "\u503c\u73ed\u5ba4", 'The "night" desk', "A, B", "Two\nlines", "=1+1")


@pytest.fixture
def owner(hass: HomeAssistant) -> MockUser:
    return MockUser(name="owner", is_owner=True).add_to_hass(hass)


def anybody(number: int, users: list[str]) -> Any:
    """A responder as the form may store one, different for each number."""
    dice = random.Random(number)

    def some(*words: str) -> list[str]:
        return dice.sample(words, dice.randint(0, len(words)))

    channels = ["push", *some(*ADDRESSED, "persistent")]
    targets: dict[str, dict[str, Any]] = {}
    for kind in some(*ADDRESSED) + [kind for kind in channels if kind in ADDRESSED]:
        number_of = {"number": dice.choice(("", "+86 138 0000 0000", "0012"))}
        targets[kind] = {"target": "notify.guard", **number_of}
    if "speaker" in targets:
        voice = dice.choice(({}, {"voice": "tts.cloud"}))
        quiet = dice.choice(({}, {"quiet_from": "21:30:00", "quiet_until": "07:00:00"}))
        pause = {"hours": dice.choice((0, 26)), "minutes": dice.randint(0, 59), "seconds": 5}
        pauses = dice.choice(({}, {"pause": pause}))
        targets["speaker"] = {"target": "notify.guard", **voice, **quiet, **pauses}
    rest: dict[str, Any] = dice.choice(({}, {"quiet_from": "22:00", "quiet_until": "06:30:00"}))
    lists = {
        "areas": some("yard", "hall"),
        "floors": some("floor_1"),
        "deputies": some("guard", "secretary"),
        "urgent_channels": some(*channels),
        "night_channels": some(*channels),
    }
    words = {
        "department": dice.choice(("", *Department)),
        "duty": dice.choice(("", *DUTIES)),
    }
    return {
        **responder(f"desk_{number}", dice.choice(list(Tier)), {}, ())["data"],
        "users": [dice.choice(users)],
        "channels": channels,
        "targets": targets,
        "loops": some(*list(LOOPS)[:4]),
        "language": dice.choice(("en", "zh-Hans")),
        **rest,
        **{key: value for key, value in (lists | words).items() if value},
    }


async def test_a_table_of_anybody_comes_back_the_same_here_and_elsewhere(
    hass: HomeAssistant, community: MockConfigEntry, owner: MockUser
) -> None:
    # Two of one name, and one whose name would look like two: written by their ids.
    same = [await person(hass, name) for name in ("Li", "Li", "Wang; Zhao", "Chen")]
    users = [user.id for user in same]
    people = [
        {
            **responder(f"desk_{number}", "property", {}),
            "title": f"{NAMES[number % len(NAMES)]} {number}",
            "data": anybody(number, users),
        }
        for number in range(40)
    ]
    entry = MockConfigEntry(
        domain=DOMAIN, title="Big", data={"kind": "community"}, subentries_data=people
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    stored = {one.data["key"]: dict(one.data) for one in entry.subentries.values()}

    async def exported(of: MockConfigEntry) -> str:
        answer = await act(hass, of, "export_responders", owner, community=of.entry_id)
        return str(answer["table"])

    async def imported(to: MockConfigEntry, table: str) -> dict[str, int]:
        data = {"table": table, "community": to.entry_id}
        return await act(hass, to, "import_responders", owner, **data)

    for one in ("guard", "secretary"):  # the deputies of the others are people of this community
        table = await exported(community)
        rows = [row for row in csv.DictReader(io.StringIO(table)) if row["key"] == one]
        assert (await imported(entry, written(rows)))["added"] == 1
    table = await exported(entry)
    assert await imported(entry, table) == {"added": 0, "changed": 0}
    now = {one.data["key"]: dict(one.data) for one in entry.subentries.values()}
    assert {key: now[key] for key in stored} == stored
    other = MockConfigEntry(domain=DOMAIN, title="Empty", data={"kind": "community"})
    other.add_to_hass(hass)
    assert await hass.config_entries.async_setup(other.entry_id)
    assert (await imported(other, table))["added"] == 42
    assert await exported(other) == table


def written(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


async def test_what_a_table_has_no_column_for_stays_as_it_is(
    hass: HomeAssistant, community: MockConfigEntry, owner: MockUser
) -> None:
    left = await member(hass, community, "guard")
    await hass.auth.async_remove_user(left)
    before = dict(data_of(community, "guard"))
    table = "key,name,duty\nguard,Gate,daily 08:00-20:00\n"
    answer = await act(hass, community, "import_responders", owner, table=table)
    assert answer == {"added": 0, "changed": 1}
    assert data_of(community, "guard") == {**before, "duty": "daily 08:00-20:00"}
    assert community.runtime_data.people.responders["guard"].name == "Gate"


def data_of(entry: MockConfigEntry, key: str) -> Any:
    (found,) = [one for one in entry.subentries.values() if one.data["key"] == key]
    return found.data


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"speaker_voice": "media_player.yard"}, "2: speaker_voice: media_player.yard"),
        ({"speaker_pause": "ten"}, "2: speaker_pause: ten"),
        ({"speaker_quiet_from": "25:00"}, "2: speaker_quiet_from: 25:00"),
        ({"quiet_from": "late"}, "2: quiet_from: late"),
        ({"deputies": "nobody"}, "deputies: nobody"),
        ({"name": "secretary"}, "name: secretary"),
    ],
)
async def test_a_cell_that_the_form_would_not_offer_is_refused(
    hass: HomeAssistant,
    community: MockConfigEntry,
    owner: MockUser,
    row: dict[str, str],
    error: str,
) -> None:
    table = written([{"key": "guard", **row}])
    before = dict(data_of(community, "guard"))
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, community, "import_responders", owner, table=table)
    assert error in refused.value.translation_placeholders["errors"].splitlines()
    assert data_of(community, "guard") == before
