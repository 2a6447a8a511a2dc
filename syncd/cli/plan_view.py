"""The items of a plan as a table."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from syncd.cli.console import print_table

if TYPE_CHECKING:
    from syncd.ports import LedgerItem, UnitOfWork

PLANNED: Final = ("effect", "user name", "group", "because", "needs approval", "outcome", "why")
STOPPED: Final = ("effect", "user name", "group", "because", "why")

_CELLS: Final[Mapping[str, Callable[["LedgerItem"], object]]] = {
    "effect": lambda one: one.item.effect,
    "user name": lambda one: one.item.user_name,
    "group": lambda one: one.item.group_id,
    "because": lambda one: one.item.situation,
    "needs approval": lambda one: "yes" if one.item.proposed else "",
    "outcome": lambda one: one.outcome,
    "why": lambda one: one.reason or one.item.waits or one.item.reason,
}


def group_names(unit: "UnitOfWork", items: Sequence["LedgerItem"]) -> dict[str, str]:
    """Return the name by id of each group that the items are about and that is still there."""
    wanted = {one.item.group_id for one in items} - {None}
    return {group.id: group.name for group in unit.groups.all() if group.id in wanted} if wanted else {}


def print_items(items: Sequence["LedgerItem"], names: Mapping[str, str], columns: Sequence[str]) -> None:
    """Print the items of a plan with these columns; that of groups only where an item has one, by `names` or its id."""
    has_groups = any(one.item.group_id for one in items)
    shown = [column for column in columns if has_groups or column != "group"]

    def cell(column: str, one: "LedgerItem") -> object:
        value = _CELLS[column](one)
        return names.get(str(value), value) if column == "group" else value

    print_table(shown, ([cell(column, one) for column in shown] for one in items))
