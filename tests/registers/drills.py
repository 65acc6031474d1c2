"""A bank with one use case that asks two models, for drills and observations."""

from __future__ import annotations

import hashlib
from pathlib import Path

from waglan.core.clock import SystemClock
from waglan.runtime import Workspace

MODULE = '''

from pathlib import Path
from waglan.core import ModelCard, Outcome, Plugin, Reason, models
from waglan.core.manifest import parse_manifest

class Sum:
    """Answers with the sum; ``calls`` counts, ``barrier`` lets a test meet it."""
    def __init__(self, name, inline):
        self.card = ModelCard(id=name, version="1", digest="d" * 64, inline=inline)
        self.calls = 0
        self.pause = None
    def predict(self, inputs):
        self.calls += 1
        if self.pause is not None:
            self.pause()
        return sum(v for v in inputs.values() if isinstance(v, int))

class Triage:
    inline = INLINE
    async def decide(self, case, kit):
        late = await kit.model("sum", case.inputs) > 30
        return Outcome(value="late" if late else "fine", effect="hold" if late else "release", adverse=late,
                       confidence=0.9, reasons=(Reason(code="DAYS"),))

for name in NAMES:
    models.add(name, Sum(name, INLINE))
text = Path(__file__).with_name("triage.toml").read_text()
plugin = Plugin(parse_manifest(text, "triage.toml"), Triage(), SAMPLES)
'''
MANIFEST = """
name = "triage"
version = "1"
owner = "Ada"
purposes = ["triage"]
tier = "medium"
phase = "production"
[title]
en = "Triage"
[inputs.customer]
type = "text"
role = "subject"
required = false
[inputs.days]
type = "integer"
minimum = 0
[models.sum]
use = [{models}]
deadline_ms = 200
{profile}
"""
PROFILE = """
[profile]
customer_facing = false
effect = "recommends"
adverse = false
personal_data = "personal"
autonomy = "in_the_loop"
regulated_activity = "none"
reversible = true
third_party = "none"
cross_border = false
genai = false
scale = "small"
agentic = "none"
remedy = true
"""
SAMPLES = ({"days": 1}, {"days": 40}, {"days": 7, "customer": "SYN-1"})


def made(folder: Path, *, models: int = 2, profile: str = PROFILE, samples=SAMPLES, inline=True, clock=None):
    """A workspace with the use case in it, and the ids of its models."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"sum{n}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}" for n in range(models)]
    text = MODULE.replace("NAMES", repr(names)).replace("SAMPLES", repr(samples)).replace("INLINE", repr(inline))
    (folder / "triage.py").write_text(text)
    listed = ", ".join(f'"{name}"' for name in names)
    manifest = MANIFEST.replace("{models}", listed).replace("{profile}", profile)
    if not models:
        manifest = manifest.replace("[models.sum]\nuse = []\ndeadline_ms = 200\n", "")
    (folder / "triage.toml").write_text(manifest)
    return Workspace.create(folder, tenant="bank", modules=("./triage.py",), clock=clock or SystemClock()), names
