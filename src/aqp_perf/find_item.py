"""Find the class of an item by its name, as a locustfile beside it would import it."""

import sys
from importlib import import_module
from pathlib import Path

from aqp_perf.core.data.declared_item import Item


def find_item(text: str) -> type[Item]:
    """Return the item class of ``FILE.py:CLASS``, from the current folder, or of ``MODULE:CLASS``.

    Raises:
        ValueError: there is no such file, module or class, or it cannot be imported.
        InvalidItem: the item is declared in a way that cannot be.
    """
    place, _, name = text.rpartition(":")
    file = Path(place).absolute()
    is_file = file.suffix == ".py"
    if not name or not place or (is_file and not file.is_file()):
        raise ValueError("write FILE.py:CLASS or MODULE:CLASS, as in invoices.py:Invoice")
    folder = str(file.parent)
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        found = getattr(import_module(file.stem if is_file else place), name, None)
    except (ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"it cannot be imported: {type(error).__name__}: {error}") from error
    if not isinstance(found, type) or not issubclass(found, Item):
        raise ValueError(f"{place} has no class {name!r} that extends aqp_perf.items.Item")  # noqa: TRY004
    return found
