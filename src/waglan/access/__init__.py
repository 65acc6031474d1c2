"""Who may do what: people, keys, sessions and one table of rules."""

from waglan.access.access import Access
from waglan.access.action import KINDS, Action
from waglan.access.buckets import Buckets
from waglan.access.four_eyes import VALID_MS, Signed, four_eyes, needed
from waglan.access.identity import PEOPLE_ROLES, ROLES, Identity, Role, local
from waglan.access.keys import ApiKey, Created
from waglan.access.oidc_settings import OidcSection
from waglan.access.passkeys import Passkey, SignedIn
from waglan.access.passwords import Cost
from waglan.access.person import Person
from waglan.access.policy import CONDITIONS, SCOPES, TABLE, VERDICTS, Resource, Rule, Ruling, require, ruling
from waglan.access.refusals import SlowDown
from waglan.access.sessions import COOKIE, Started, fresh

__all__ = [
    "CONDITIONS",
    "COOKIE",
    "KINDS",
    "PEOPLE_ROLES",
    "ROLES",
    "SCOPES",
    "TABLE",
    "VALID_MS",
    "VERDICTS",
    "Access",
    "Action",
    "ApiKey",
    "Buckets",
    "Cost",
    "Created",
    "Identity",
    "OidcSection",
    "Passkey",
    "Person",
    "Resource",
    "Role",
    "Rule",
    "Ruling",
    "Signed",
    "SignedIn",
    "SlowDown",
    "Started",
    "four_eyes",
    "fresh",
    "local",
    "needed",
    "require",
    "ruling",
]
