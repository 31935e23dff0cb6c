"""Writes the pages to look things up: glossary, silent mistakes, errata."""
