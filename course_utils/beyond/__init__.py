"""Data for lesson 10's seven short experiments, one subject a module.

What the lesson teaches (models, losses, training, judging) stands in its notebook; here
is only what would stand in the way there: reading faces, drawing clips, placing atoms.
"""
