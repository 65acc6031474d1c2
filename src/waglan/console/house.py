"""The rooms that pages show and act on, opened and closed together."""

from __future__ import annotations

from typing import NamedTuple

from waglan.access import Access
from waglan.index import Decisions, Index
from waglan.review import Desk, Queue
from waglan.runtime import Workspace

FILE = "index.db"


class House(NamedTuple):
    """What one process opens once.

    Attributes
    ----------
    workspace, access, index, desk
        The open rooms.
    public_url
        Scheme and host under which people reach the console, such as ``https://waglan.bank.example``; empty for
        this machine alone.
    """

    workspace: Workspace
    access: Access
    index: Index
    desk: Desk
    public_url: str

    @classmethod
    def open(cls, workspace: Workspace, *, public_url: str = "") -> House:
        """Open access, index and desk beside an open workspace, which stays its opener's.

        Raises
        ------
        Problem
            Of the room that can't be opened.
        """
        access = Access.open(
            workspace.folder, tenant=workspace.settings.workspace.tenant, clock=workspace.clock, ids=workspace.ids
        )
        try:
            index = open_index(workspace)
        except BaseException:
            access.close()
            raise
        return cls(workspace, access, index, Desk.open(workspace, index, access), public_url)

    def close(self) -> None:
        """Give back what `open` opened."""
        self.index.close()
        self.access.close()

    @property
    def tenant(self) -> str:
        return self.workspace.settings.workspace.tenant

    @property
    def synthetic(self) -> bool:
        """Whether everything in this workspace is made up."""
        return self.workspace.settings.workspace.synthetic


def open_index(workspace: Workspace) -> Index:
    """The index of a workspace with every projection that pages and commands read."""
    return Index.open(workspace.folder / FILE, workspace.ledger, (Decisions(), Queue.of(workspace)))
