"""Exercises that check themselves: an engine, and one module of exercises a lesson."""
