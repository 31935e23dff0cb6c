"""Makes stored figures small: notebooks are fetched over bad Wi-Fi."""

from __future__ import annotations

import base64
import io

from PIL import Image


def slim_png(encoded: str) -> str:
    """Return a base64 PNG with at most 256 colours, about half as many bytes.

    The colours are chosen for each figure, so that photographs keep theirs; the result
    depends on the picture alone. A picture that would not shrink is left as it is.
    """
    data = base64.b64decode(encoded)
    with Image.open(io.BytesIO(data)) as picture:
        ground = Image.new("RGB", picture.size, "white")
        rgba = picture.convert("RGBA")
        ground.paste(rgba, mask=rgba)
        palette = ground.quantize(256, method=Image.Quantize.MEDIANCUT)
    slim = io.BytesIO()
    palette.save(slim, format="PNG", optimize=True)
    if slim.tell() >= len(data):
        return encoded
    return base64.b64encode(slim.getvalue()).decode("ascii")
