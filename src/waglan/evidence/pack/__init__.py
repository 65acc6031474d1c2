"""The evidence pack: what was recorded, judged, shown and proven for a window, in one folder that checks itself."""

from waglan.evidence.pack.gathering import earlier, gather
from waglan.evidence.pack.material import Material
from waglan.evidence.pack.onepage import Board, board
from waglan.evidence.pack.say import TONGUES, Tongue
from waglan.evidence.pack.write import STEPS, Pack, Step, Wanted, archive, write_pack, zipped

__all__ = [
    "STEPS",
    "TONGUES",
    "Board",
    "Material",
    "Pack",
    "Step",
    "Tongue",
    "Wanted",
    "archive",
    "board",
    "earlier",
    "gather",
    "write_pack",
    "zipped",
]
