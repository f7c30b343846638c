"""Every difference between SQLite, PostgreSQL and MariaDB, and nowhere else."""

from __future__ import annotations

from db.dialects.ailments import Ailment, ailment_of, is_refusal_of_a_row, is_unreadable_cell
from db.dialects.among import WANTED, among, among_asked, asked_among
from db.dialects.any_of import with_any_word
from db.dialects.columns import TABLE_OPTIONS, Utc, exact_text, json_text, key_part, long_text
from db.dialects.connections import (
    BEGIN_S,
    DRIVERS,
    GOODBYE_S,
    LOCK_WAIT_S,
    STATEMENT_S,
    connect_arguments,
    file_of,
    said_at_once,
)
from db.dialects.crowds import gathers_all_first, has_more, how_many, indexed_few
from db.dialects.filling import IN_MEMORY, fill, insert_of, make_index, put_off_indexes, weigh
from db.dialects.listening import Line, a_line, can_listen
from db.dialects.locks import (
    dirty_a_page,
    engine_now,
    has_column,
    has_tables,
    is_shared,
    journal_mode,
    locks_as_it_begins,
    migration_lock,
    run_lock,
    wiping_lock,
)
from db.dialects.matching import NOWHERE, AllOf, AnyOf, But, Match, Token, indexed, is_untold, row_number, spelt, whole
from db.dialects.moving import ENGINES, NOT_IN_TABLES, behind, count_others, hold_still, is_open_elsewhere, settle
from db.dialects.searching import build_search, drop_search, is_of_search, mend_search, number_rows
from db.dialects.tidying import tidying
from db.dialects.together import Said, rewriting, say_together
from db.dialects.wiping import out_of_reach, rewrite_file, rewrite_tables

__all__ = [
    "BEGIN_S",
    "DRIVERS",
    "ENGINES",
    "GOODBYE_S",
    "IN_MEMORY",
    "LOCK_WAIT_S",
    "NOT_IN_TABLES",
    "NOWHERE",
    "STATEMENT_S",
    "TABLE_OPTIONS",
    "WANTED",
    "Ailment",
    "AllOf",
    "AnyOf",
    "But",
    "Line",
    "Match",
    "Said",
    "Token",
    "Utc",
    "a_line",
    "ailment_of",
    "among",
    "among_asked",
    "asked_among",
    "behind",
    "build_search",
    "can_listen",
    "connect_arguments",
    "count_others",
    "dirty_a_page",
    "drop_search",
    "engine_now",
    "exact_text",
    "file_of",
    "fill",
    "gathers_all_first",
    "has_column",
    "has_more",
    "has_tables",
    "hold_still",
    "how_many",
    "indexed",
    "indexed_few",
    "insert_of",
    "is_of_search",
    "is_open_elsewhere",
    "is_refusal_of_a_row",
    "is_shared",
    "is_unreadable_cell",
    "is_untold",
    "journal_mode",
    "json_text",
    "key_part",
    "locks_as_it_begins",
    "long_text",
    "make_index",
    "mend_search",
    "migration_lock",
    "number_rows",
    "out_of_reach",
    "put_off_indexes",
    "rewrite_file",
    "rewrite_tables",
    "rewriting",
    "row_number",
    "run_lock",
    "said_at_once",
    "say_together",
    "settle",
    "spelt",
    "tidying",
    "weigh",
    "whole",
    "wiping_lock",
    "with_any_word",
]
