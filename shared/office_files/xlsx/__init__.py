"""Workbooks (XLSX): their package, sheets and number formats."""
