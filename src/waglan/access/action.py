"""What can be done here, each as ``noun.verb``: the noun is the kind of thing it is done to."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """One thing that somebody may or may not do; a key's scopes are these values."""

    DECISION_MAKE = "decision.make"
    DECISION_READ = "decision.read"
    DECISION_READ_PRIVATE = "decision.read_private"
    DECISION_OVERRIDE = "decision.override"
    DECISION_CORRECT = "decision.correct"
    REVIEW_READ = "review.read"
    REVIEW_TAKE = "review.take"
    REVIEW_JUDGE = "review.judge"
    REVIEW_RELEASE = "review.release"
    REQUEST_OPEN = "request.open"
    REQUEST_ANSWER = "request.answer"
    ATTENTION_READ = "attention.read"
    ATTENTION_SEED = "attention.seed"
    SUBJECT_FIND = "subject.find"
    SUBJECT_OPT_OUT = "subject.opt_out"
    SUBJECT_HOLD = "subject.hold"
    SUBJECT_ERASE = "subject.erase"
    USE_CASE_READ = "use_case.read"
    USE_CASE_TRY = "use_case.try"
    MODEL_READ = "model.read"
    MODEL_REGISTER = "model.register"
    MODEL_WITHDRAW = "model.withdraw"
    CONTROL_READ = "control.read"
    CONTROL_TEST = "control.test"
    LEDGER_READ = "ledger.read"
    LEDGER_EXPORT = "ledger.export"
    PERSON_READ = "person.read"
    PERSON_MANAGE = "person.manage"
    KEY_MANAGE = "key.manage"
    SETTINGS_READ = "settings.read"
    SETTINGS_MANAGE = "settings.manage"
    METRICS_READ = "metrics.read"


KINDS: tuple[str, ...] = tuple(dict.fromkeys(action.partition(".")[0] for action in Action))
"""The kinds of things, in the order of `Action`."""
