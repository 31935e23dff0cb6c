"""What a lesson claims of a training: proven where it was tried, else told kindly.

>>> claim("the loss has fallen", 0.3 < 2.3)
the loss has fallen
>>> claim("the loss has fallen", 2.3 < 2.3, excuse="so few steps prove nothing")
Not in this run (so few steps prove nothing): the loss has fallen
"""

from __future__ import annotations


def claim(words: str, holds: object, excuse: str = "") -> None:
    """Print a claim; where it does not hold, refuse it or say why it need not.

    Args:
        words: The claim, as the reader should see it.
        holds: Whether this run bears it out; a tensor of one truth value will do.
        excuse: Why it need not hold with these parameters; empty where it was tried
            beforehand, and so must.

    Raises:
        AssertionError: The claim must hold and does not.
    """
    if bool(holds):
        print(words)
    elif excuse:
        print(f"Not in this run ({excuse}): {words}")
    else:
        raise AssertionError(f"this run does not bear it out: {words}")
