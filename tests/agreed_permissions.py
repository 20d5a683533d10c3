"""Who may do what, as agreed with the communities: written down once more, beside the code."""

from custom_components.smart_community.core.permits import Deed, Permit

DEEDS = list(Deed)
# y(es), w(hy: with a reason), n(o), in this order: read, signal, open, acknowledge, handle, close,
# escalate, assign, comment, drill, test, directory, operate,
# report, add_evidence, agree, lock_codes, statistics, swap_duty, switch_loop, configure.
AGREED = {
    "property": "yyyyyyyyyyynyyynyyyyn",
    "committee": "yyyyyyyyyyynyyyynyyyn",
    "department": "ynyyyyyyynnnyyynnynnn",
    "township": "ynyyyyyyyyynnyyynyynn",
    "administrator": "yyywwwyyyyyyyyyyyyyyy",
    "automation": "yyynwwyyyyynyyynnyyyy",
    "outsider": "nnnnnnnnnnnnnnnnnnnnn",
    "removed": "nnnnnnnnnnnnnnnnnnnnn",
}
LETTERS = {"y": Permit.ALLOWED, "w": Permit.NEEDS_REASON, "n": Permit.DENIED}
TIERS = ("property", "committee", "department", "township")
PLACES = ("own", "other loop", "other community")
# What is done to the community itself, not to an incident of some loop.
TO_COMMUNITY = {
    "signal",
    "open",
    "drill",
    "test",
    "directory",
    "operate",
    "report",
    "agree",
    "lock_codes",
    "statistics",
    "swap_duty",
    "switch_loop",
    "configure",
}


def agreed(role: str, deed: str, place: str = "own") -> str:
    """The letter of one cell, for an incident that the role was not told of."""
    if place == "other community" and role in TIERS:
        return "n"  # whoever belongs to one community is a stranger in the next
    if place == "other loop" and role == "department" and deed not in TO_COMMUNITY:
        return "n"
    return AGREED[role][DEEDS.index(deed)]
