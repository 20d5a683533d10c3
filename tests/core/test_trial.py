"""A message that only tries a channel."""

from custom_components.smart_community.core.message import trial


def test_a_trial_is_held_back_by_no_daily_budget_of_the_phone() -> None:
    words = {"trial": {"title": "Test: {name}.", "text": "A test.", "loop": "Test"}}
    assert trial(words, "Guard").urgent
