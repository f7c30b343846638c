"""The memory: vocabulary, tables and questions."""

from db.bell import Bell
from db.recording import Recorded, mark_missing, record
from db.store import Snapshot, Store, Transaction

__all__ = ["Bell", "Recorded", "Snapshot", "Store", "Transaction", "mark_missing", "record"]
