"""Sphinx's settings for the site. Nothing that a page needs comes from elsewhere."""

from __future__ import annotations

project = "The CNN workbook"
language = "en"
extensions = ["myst_parser", "tools.publishing.mathml"]

# notebooks speak CommonMark with formulas; what MyST adds would only misread them
myst_enable_extensions = ["dollarmath"]
myst_disable_syntax = [
    "myst_role",
    "myst_target",
    "myst_line_comment",
    "myst_block_break",
]
myst_heading_anchors = 4
smartquotes = False

html_theme = "furo"
html_title = project
html_theme_options = {"light_css_variables": {"color-code-background": "#f4f5f7"}}
templates_path = ["templates"]
html_css_files = ["explorer.css", "site.css"]
html_js_files = ["site.js", "live.js"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_copyright = False
html_use_index = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
