"""The memory: vocabulary, tables and questions."""

from db.bell import Bell
from db.recording import Recorded, mark_missing, record
from db.seen import Seen, looking
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
    "looking",
    "mark_missing",
    "record",
]
