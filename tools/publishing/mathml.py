"""Formulas as MathML, written while the site is built: no page needs a script."""

from __future__ import annotations

import re

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

# a minus after an equals sign and a space is taken for a difference otherwise
_SIGN = re.compile(r"(<mo>=</mo>\s*(?:<mspace[^>]*></mspace>\s*)*<mo)(>−</mo>)")


def mathml(tex: str, as_block: bool = False) -> str:
    """Return a formula of TeX as MathML."""
    return _SIGN.sub(r'\1 form="prefix"\2', tex2mathml(tex, as_block=as_block))


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    self.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own."""
    formula = mathml(node.astext(), as_block=True)
    self.body.append(f'<div class="formula">{formula}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> ExtensionMetadata:
    """Offer the renderer to ``html_math_renderer``."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
