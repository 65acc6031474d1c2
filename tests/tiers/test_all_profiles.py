"""Every profile there is, 14,929,920 with the unknown: nothing falls where an answer gets worse or is withheld."""

from __future__ import annotations

from bench.tiers import SHAPE, compared, tiers, violations


def test_over_all_profiles():
    found = tiers()
    assert found.size == 14_929_920 and found.shape == SHAPE
    assert violations(found) == (0, 0)
    assert compared(found, 500) == 0
    found[(0,) * found.ndim] = 3
    assert violations(found)[0] > 0 and violations(found)[1] > 0, "the check can fail"
