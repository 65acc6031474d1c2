"""The pages of Try it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from waglan.access import Action
from waglan.console.marked import _
from waglan.console.page import Download, Goto, Page, Shown
from waglan.console.pages.trying import form
from waglan.console.pages.trying.jobs import MOST_BYTES, MOST_ROWS, SUFFIXES, Job, Jobs
from waglan.console.visit import Visit
from waglan.core.case import LANGUAGES, Language
from waglan.core.inputs import InputSchema
from waglan.core.problem import Problem
from waglan.runtime import Ask, Loaded

CHANNEL = "console"
CONSENT = "purpose.consent"


def use_cases(visit: Visit) -> Shown:
    """What can be tried, and one's own files."""
    jobs = Jobs(visit.house.workspace)
    jobs.tidy()
    own = [job for job in jobs.all() if job.actor == visit.me.id]
    return {
        "use_cases": [_listed(visit, name) for name in visit.house.workspace.catalogue],
        "jobs": [{**_job(job), "alive": jobs.alive(job.id)} for job in own[:20]],
    }


def _listed(visit: Visit, name: str) -> dict[str, Any]:
    try:
        manifest = visit.house.workspace.catalogue.get(name).manifest
    except Problem as problem:
        return {"name": name, "title": {"en": name}, "summary": {}, "problem": problem.as_dict()}
    return {
        "name": name,
        "title": manifest.title,
        "summary": manifest.summary,
        "phase": manifest.phase,
        "tier": manifest.tier,
        "problem": None,
    }


def ask(visit: Visit) -> Shown:
    """The form, empty or with one of the sample cases in it."""
    loaded = _loaded(visit)
    manifest = loaded.manifest
    samples = _samples(loaded)
    at = visit.query.get("sample", "")
    sample = samples[int(at)] if re.fullmatch(r"[0-9]{1,3}", at) and int(at) < len(samples) else {}
    return {
        "name": manifest.name,
        "title": manifest.title,
        "summary": manifest.summary,
        "tier": manifest.tier,
        "phase": manifest.phase,
        "purposes": manifest.purposes,
        "fields": [f._asdict() for f in form.fields(manifest.inputs, samples)],
        "columns": [name for name, spec in manifest.inputs.items() if spec.role != "unused"],
        "values": {form.PREFIX + name: form.shown(value) for name, value in sample.items()},
        "trouble": _trouble(visit, loaded),
        "needs_consent": any(manifest.controls.settings.get(CONSENT, {}).values()),
        "samples": len(samples),
        "sample": at if sample else "",
        "file": {"bytes": MOST_BYTES, "rows": MOST_ROWS, "suffixes": SUFFIXES},
    }


def _trouble(visit: Visit, loaded: Loaded) -> dict[str, Any] | None:
    """Why nothing can be decided just now: the first of its models that isn't there."""
    try:
        for slot in loaded.manifest.models.values():
            for model_id in slot.use:
                visit.house.workspace.shelf.seat(model_id)
    except Problem as problem:
        return problem.as_dict()
    return None


def _samples(loaded: Loaded) -> list[Mapping[str, Any]]:
    """Those of the plug-in's sample cases that this manifest takes."""
    schema = InputSchema(loaded.manifest.inputs)
    return [each for each in loaded.plugin.samples if _fits(schema, each)]


def _fits(schema: InputSchema, row: Mapping[str, Any]) -> bool:
    try:
        schema.clean(row)
    except Problem:
        return False
    return True


def decide(visit: Visit) -> Goto:
    """Run the case for real, recorded like any other, and go to its decision."""
    loaded = _loaded(visit)
    given = form.row(loaded.manifest.inputs, visit.form.fields)
    asked = Ask(
        channel=CHANNEL,
        actor=visit.me.id,
        language=_language(visit),
        purpose=_purpose(visit, loaded),
        consent_ref=visit.form.text("consent_ref"),
        notice_id=visit.form.text("notice_id"),
        source=CHANNEL,
    )
    try:
        reply = visit.house.workspace.runtime.decide_sync(loaded.manifest.name, given, asked)
    except Problem as problem:
        if problem.code.startswith("input."):
            raise form.refused(problem) from None
        raise
    return Goto(f"/decisions/{reply.decision.id}", "tried")


def upload(visit: Visit) -> Goto:
    """Take a file and start deciding its rows."""
    loaded = _loaded(visit)
    file = visit.form.files.get("file")
    if file is None or not file.body:
        raise Problem(
            _("No file came."), _("The form was sent without one, or with an empty one."),
            _("Choose a file and send it again."), code="form.empty", where="file",
        )  # fmt: skip
    workspace = visit.house.workspace
    now_ms = workspace.clock.now_ms()
    job = Job(
        id=workspace.ids.new(now_ms),
        use_case=loaded.manifest.name,
        actor=visit.me.id,
        created_ms=now_ms,
        name=_name(file.name),
        suffix=_suffix(file.name),
        language=_language(visit),
        purpose=_purpose(visit, loaded),
        notice_id=visit.form.text("notice_id"),
        consent_column=visit.form.text("consent_column"),
        drop_unknown=visit.form.text("drop_unknown") == "yes",
    )
    Jobs(workspace).begin(job, file.body)
    return Goto(f"/try/files/{job.id}")


def file(visit: Visit) -> Shown:
    """How far a file is; while it runs, the page comes again by itself."""
    jobs = Jobs(visit.house.workspace)
    job = jobs.get(visit.path["id"], visit.me.id)
    manifest = visit.house.workspace.catalogue.get(job.use_case).manifest
    return {
        **_job(job),
        "title": manifest.title,
        "alive": jobs.alive(job.id),
        "resumable": jobs.resumable(job),
    }


def results(visit: Visit) -> Download:
    """One line per recorded row."""
    return _download(visit, "results")


def rejects(visit: Visit) -> Download:
    """The rows that weren't decided, with the reason beside each."""
    return _download(visit, "rejects")


def _download(visit: Visit, which: Any) -> Download:
    jobs = Jobs(visit.house.workspace)
    job = jobs.get(visit.path["id"], visit.me.id)
    return Download(f"{job.name}.{which}.csv", "text/csv; charset=utf-8", jobs.output(job, which))


def resume(visit: Visit) -> Goto:
    """Go on where a run stopped."""
    jobs = Jobs(visit.house.workspace)
    job = jobs.get(visit.path["id"], visit.me.id)
    jobs.resume(job)
    return Goto(f"/try/files/{job.id}")


def delete(visit: Visit) -> Goto:
    """Delete a file's rows, results and rejects now."""
    jobs = Jobs(visit.house.workspace)
    jobs.drop(jobs.get(visit.path["id"], visit.me.id))
    return Goto("/try", "file_deleted")


def _job(job: Job) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(job)
    told["decided"] = job.auto + job.human + job.blocked
    told["asked_in"] = told.pop("language")  # ``language`` is the page's own
    return told


def _loaded(visit: Visit) -> Loaded:
    return visit.house.workspace.catalogue.get(visit.path["name"])


def _language(visit: Visit) -> Language:
    """The customer's language as chosen, else the page's."""
    wanted = visit.form.text("language")
    return next((each for each in LANGUAGES if each == wanted), visit.language)


def _purpose(visit: Visit, loaded: Loaded) -> str:
    wanted = visit.form.text("purpose")
    return wanted if wanted in loaded.manifest.purposes else loaded.manifest.purposes[0]


def _name(name: str) -> str:
    """What to call a file: the last part of the name it came with, without what a header or a page can't hold."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(c for c in last if c.isprintable())[:120].strip(". ") or "file"


def _suffix(name: str) -> str:
    """One of our own suffixes, so that nothing of a foreign name ever becomes part of a path."""
    return next((each for each in SUFFIXES if name.lower().endswith(each)), ".txt")


_A, _K = Action.USE_CASE_TRY, "use_case"
_ASK = Page("/try/{name}", ask, "trying/ask.html", _A, _K, nav="try")
PAGES: tuple[Page, ...] = (
    Page("/try", use_cases, "trying/list.html", _A, _K, nav="try"),
    Page("/try/files/{id}", file, "trying/file.html", _A, _K, nav="try"),
    Page("/try/files/{id}/results.csv", results, "", _A, _K),
    Page("/try/files/{id}/rejects.csv", rejects, "", _A, _K),
    Page("/try/files/{id}/resume", resume, "", _A, _K, "POST"),
    Page("/try/files/{id}/delete", delete, "", _A, _K, "POST"),
    _ASK,
    Page("/try/{name}", decide, "", _A, _K, "POST", again=_ASK),
    Page("/try/{name}/file", upload, "", _A, _K, "POST", upload_bytes=MOST_BYTES + 64 * 1024, again=_ASK),
)
