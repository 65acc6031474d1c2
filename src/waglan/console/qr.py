"""An address as a picture to scan."""

from __future__ import annotations


def qr(address: str) -> str:
    """A QR code as SVG, dark on white in every theme.

    References
    ----------
    ISO/IEC 18004, error correction level M.
    """
    import segno  # here alone: few pages show one, and it takes as long to load as ten of them

    return str(segno.make(address, error="m", micro=False).svg_inline(scale=4, border=2, light="#fff", svgclass="qr"))
