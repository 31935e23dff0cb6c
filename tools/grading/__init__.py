"""Grading for instructors: assignments go out, submissions come in, marks come back."""
