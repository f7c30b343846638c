"""The memory: vocabulary, tables and questions."""

from db.bell import Bell
from db.recording import Recorded, drop_contact, mark_missing, purge, record, set_hidden
from db.seen import Seen, asking, looking
from db.sight import Sight
from db.store import Snapshot, Store, Transaction

__all__ = [
    "Bell",
    "Recorded",
    "Seen",
    "Sight",
    "Snapshot",
    "Store",
    "Transaction",
    "asking",
    "drop_contact",
    "looking",
    "mark_missing",
    "purge",
    "record",
    "set_hidden",
]
