"""Environments with other versions than this one, and what runs in them."""
