"""The small library under the workbook: plumbing; the teaching is in the notebooks."""

__version__ = "0.1.0"
