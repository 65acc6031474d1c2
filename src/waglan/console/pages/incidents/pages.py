"""The pages of incidents, drills and the kill switch."""

from __future__ import annotations

from waglan.access import Action
from waglan.console.page import Page
from waglan.console.pages.incidents import drills, incidents, stopping

_A, _NAV = Action, "incidents"
_NEW = Page("/incidents/new", incidents.new, "incidents/new.html", _A.INCIDENT_OPEN, "incident", nav=_NAV)
_ONE = Page("/incidents/{id}", incidents.incident, "incidents/incident.html", _A.INCIDENT_READ, "incident", nav=_NAV)
_STOP = Page("/suspensions", stopping.suspensions, "incidents/suspensions.html", _A.INCIDENT_READ, "incident", nav=_NAV)
_DRILLS = Page("/drills", drills.drills, "incidents/drills.html", _A.INCIDENT_READ, "incident", nav=_NAV)
_BEGUN = Page("/drills/runs/{id}", drills.run, "incidents/run.html", _A.DRILL_RUN, "drill", nav=_NAV)

PAGES: tuple[Page, ...] = (
    Page("/incidents", incidents.incidents, "incidents/list.html", _A.INCIDENT_READ, "incident", nav=_NAV),
    _NEW,
    Page("/incidents", incidents.begin, "", _A.INCIDENT_OPEN, "incident", "POST", again=_NEW),
    _ONE,
    Page("/incidents/{id}/step", incidents.step, "", _A.INCIDENT_ACT, "incident", "POST", again=_ONE),
    _STOP,
    Page("/suspensions", stopping.stop, "", _A.SUSPENSION_BEGIN, "suspension", "POST", again=_STOP),
    Page("/suspensions/end", stopping.resume, "", _A.SUSPENSION_END, "suspension", "POST", again=_STOP),
    _DRILLS,
    Page("/drills", drills.begin, "", _A.DRILL_RUN, "drill", "POST", again=_DRILLS),
    _BEGUN,
    Page("/drills/{id}", drills.drill, "incidents/drill.html", _A.INCIDENT_READ, "incident", nav=_NAV),
)
