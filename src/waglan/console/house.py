"""The rooms that pages show and act on, opened and closed together."""

from __future__ import annotations

from typing import NamedTuple

from waglan.access import Access
from waglan.access.oidc_settings import OidcSection
from waglan.evidence import Evidence
from waglan.index import FILE, Decisions, Index
from waglan.registers import Registrar
from waglan.review import Desk, Queue
from waglan.rulebook import Rulebook
from waglan.runtime import Workspace
from waglan.runtime.settings import section


class House(NamedTuple):
    """What one process opens once.

    Attributes
    ----------
    workspace, access, index, desk, registrar, rulebook, evidence
        The open rooms.
    """

    workspace: Workspace
    access: Access
    index: Index  # type: ignore[assignment] # tuple.index isn't wanted here
    desk: Desk
    registrar: Registrar
    rulebook: Rulebook
    evidence: Evidence

    @classmethod
    def open(cls, workspace: Workspace) -> House:
        """Open access, index and desk beside an open workspace, which stays its opener's.

        Raises
        ------
        Problem
            Of the room that can't be opened.
        """
        access = open_access(workspace)
        try:
            index = open_index(workspace)
        except BaseException:
            access.close()
            raise
        desk = Desk.open(workspace, index, access)
        try:
            evidence = Evidence.open(workspace, index)
        except BaseException:
            index.close()
            access.close()
            raise
        return cls(workspace, access, index, desk, Registrar(workspace, index), Rulebook(workspace, index), evidence)

    def close(self) -> None:
        """Give back what `open` opened."""
        self.evidence.close()
        self.index.close()
        self.access.close()

    @property
    def tenant(self) -> str:
        return self.workspace.settings.workspace.tenant

    @property
    def public_url(self) -> str:
        """Scheme and host under which people reach the console; empty for this machine alone."""
        return self.workspace.settings.server.public_url.rstrip("/")

    @property
    def synthetic(self) -> bool:
        """Whether everything in this workspace is made up."""
        return self.workspace.settings.workspace.synthetic


def open_access(workspace: Workspace) -> Access:
    """Who may come in here, with the identity provider of the settings."""
    settings = workspace.settings
    return Access.open(
        workspace.folder,
        tenant=settings.workspace.tenant,
        clock=workspace.clock,
        ids=workspace.ids,
        oidc=section(settings.oidc, "oidc", OidcSection),
    )


def open_index(workspace: Workspace) -> Index:
    """The index of a workspace with every projection that pages and commands read."""
    return Index.open(workspace.folder / FILE, workspace.ledger, (Decisions(), Queue.of(workspace)))
