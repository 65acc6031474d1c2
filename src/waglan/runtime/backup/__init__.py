"""Backups of a whole workspace: made while it works, checked before anything of them is believed."""

from waglan.runtime.backup.making import Made, expire, make
from waglan.runtime.backup.manifest import Manifest, read_manifest
from waglan.runtime.backup.restoring import Restored, restore

__all__ = ["Made", "Manifest", "Restored", "expire", "make", "read_manifest", "restore"]
