"""Reads the tables that an office sends: CSV from spreadsheets, and XLSX. See docs/office-files.md."""

from shared.office_files.columns import Column
from shared.office_files.faults import FAULTS_MAX, Faults
from shared.office_files.openapi import office_file_body
from shared.office_files.reader import CSV_TYPE, XLSX_TYPE, check_media_type, is_xlsx, read_in_turn, read_rows
from shared.office_files.rows import Row

__all__ = [
    "CSV_TYPE",
    "FAULTS_MAX",
    "XLSX_TYPE",
    "Column",
    "Faults",
    "Row",
    "check_media_type",
    "is_xlsx",
    "office_file_body",
    "read_in_turn",
    "read_rows",
]
