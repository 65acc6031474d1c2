"""Every query against the same question asked of the decisions one by one in plain Python."""

from __future__ import annotations

import random

import msgspec
import pytest

from tests.index.scene import HOUR_MS, START_MS, Bank, decision
from waglan.core.decision import DecisionFacts, Route
from waglan.core.events import (
    Attention,
    Erasure,
    Hold,
    ModelRegistration,
    OptOut,
    OutcomeLabel,
    Override,
    Person,
    Release,
    Retention,
    Review,
    UseCaseRegistration,
)
from waglan.core.finding import Verdict
from waglan.core.problem import Problem
from waglan.index import Decisions, Filter, Index, counts, days, decisions, events, overview
from waglan.index.combination import MODES

COUNT = 400
USE_CASES = ("credit", "alerts")
ROUTES = (Route.AUTO, Route.HUMAN, Route.BLOCKED)
VERSIONS = ("1", "2")


def drawn(rng: random.Random) -> DecisionFacts:
    answered = rng.random() < 0.9
    effect = rng.choice(("approve", "decline", ""))
    return decision(
        adverse={"approve": False, "decline": True, "": None}[effect],
        channel=rng.choice(("http", "cli")),
        confidence=rng.choice((None, "0.930000", "0.415000")),
        controls=(
            ("privacy.identifiers", rng.choice((Verdict.PASS, Verdict.REDACT))),
            ("people.opt_out", Verdict.PASS),
        ),
        drill=rng.random() < 0.05,
        effect=effect,
        failover=not answered,
        imported=rng.random() < 0.05,
        language=rng.choice(("en", "zh-Hant")),
        latency_us=rng.choice((7, 130, 990, 45_000)),
        models=(("m.one", rng.choice(VERSIONS), "aa", "self", "HK", answered), ("m.two", "1", "bb", "x", "SG", True))[
            : 1 if answered else 2
        ],
        replay=rng.random() < 0.05,
        route=rng.choice(ROUTES),
        score=rng.choice((None, "612.500000", "-3.250000")),
        tier="high",
        use_case=rng.choice(USE_CASES),
        why=rng.choice(((), ("tier:adverse",), ("tier:adverse", "control:x"))),
    )


class Kept:
    """A decision as the test remembers it."""

    def __init__(self, index: int, entry_id: str, at_ms: int, subject: str, facts: DecisionFacts) -> None:
        self.index, self.id, self.at_ms, self.subject, self.facts = index, entry_id, at_ms, subject, facts
        self.day = days.iso(days.day_of(at_ms))
        self.mode = "imported" if facts.imported else "replay" if facts.replay else "drill" if facts.drill else "live"
        last = [m for m in facts.models if m[5]][-1]
        self.model, self.version = last[0], last[1]

    def passes(self, wanted: Filter) -> bool:
        f = self.facts
        pairs = (
            (wanted.adverse, f.adverse), (wanted.day, self.day), (wanted.effect, f.effect), (wanted.mode, self.mode),
            (wanted.model, self.model), (wanted.model_version, self.version), (wanted.route, f.route),
            (wanted.subject, self.subject), (wanted.tier, f.tier), (wanted.use_case, f.use_case),
        )  # fmt: skip
        flagged = [v for n, v in f.controls if v != "pass" and wanted.control in ("", n) and wanted.verdict in ("", v)]
        if ((wanted.control or wanted.verdict) and not flagged) or (wanted.why and wanted.why not in f.why):
            return False
        return all(asked in ("", None) or asked == is_ for asked, is_ in pairs)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    rng = random.Random(7)
    bank = Bank(tmp_path_factory.mktemp("pages"))
    kept: list[Kept] = []
    for _ in range(COUNT // 20):
        made = [drawn(rng) for _ in range(20)]
        entries = [
            bank.entry(f, who=rng.choice(("", "Ada", "Bo", "Chan")), at=START_MS + rng.randrange(96) * HOUR_MS)
            for f in made
        ]
        recorded = bank.ledger.submit(entries).result()
        for entry, place, f in zip(entries, recorded, made, strict=True):
            subject = bank.ledger.leaf(place.index).get("subject", "")
            kept.append(Kept(place.index, entry.id, entry.at_ms, subject, f))
        bank.add(OptOut())
    with Index.open(bank.folder / "index.db", bank.ledger, (Decisions(),)) as index:
        index.follow()
        with index.reading() as connection:
            yield bank, kept, connection
    bank.close()


def filters(kept, rng):
    for _ in range(100):
        one = rng.choice(kept)
        full = {
            "adverse": one.facts.adverse, "day": one.day, "effect": one.facts.effect, "mode": one.mode,
            "model": one.model, "model_version": one.version, "route": str(one.facts.route), "subject": one.subject,
            "use_case": rng.choice(USE_CASES), "tier": "high", "control": "privacy.identifiers", "verdict": "redact",
            "why": rng.choice(("tier:adverse", "control:x")),
        }  # fmt: skip
        yield Filter(**{name: full[name] for name in rng.sample(sorted(full), rng.randrange(4))})


def test_pages_totals_and_neighbours_are_those_of_a_plain_search(scene):
    _, kept, connection = scene
    rng = random.Random(8)
    for wanted in filters(kept, rng):
        expected = [k.index for k in reversed(kept) if k.passes(wanted)]
        assert decisions.total(connection, wanted) == len(expected)
        limit = rng.randint(1, 30)
        page, walked = decisions.latest(connection, wanted, limit=limit), []
        assert page.newer is None
        while True:
            walked += [row.index for row in page.rows]
            if page.older is None:
                break
            page = decisions.latest(connection, wanted, before=page.older, limit=limit)
        assert walked == expected
        back = page
        while back.newer is not None:
            back = decisions.latest(connection, wanted, after=back.newer, limit=limit)
        assert [row.index for row in back.rows] == expected[: len(back.rows)]
        place = rng.choice(kept).index
        beside = decisions.neighbours(connection, place, wanted)
        assert (beside.older.index if beside.older else None) == max((e for e in expected if e < place), default=None)
        assert (beside.newer.index if beside.newer else None) == min((e for e in expected if e > place), default=None)


def test_a_row_says_what_the_leaf_says(scene):
    _, kept, connection = scene
    for one in kept[::37]:
        row, f = decisions.one(connection, one.id), one.facts
        assert row is not None
        assert (row.index, row.at_ms, row.day, row.subject) == (one.index, one.at_ms, one.day, one.subject)
        assert (row.use_case, row.route, row.effect, row.adverse) == (f.use_case, f.route, f.effect, f.adverse)
        assert (row.model, row.model_version, row.mode, row.tier) == (one.model, one.version, one.mode, f.tier)
        assert (row.channel, row.language, row.failover, row.why) == (f.channel, f.language, f.failover, f.why)
        assert (row.score, row.stakes_hkd, row.latency_us) == (f.score, f.stakes_hkd, f.latency_us)
        assert row.flagged == tuple((n, v) for n, v in f.controls if v != "pass")
        assert row.use_case_version == f.use_case_version
    assert decisions.one(connection, "0" * 26) is None


def test_those_around_a_place(scene):
    _, kept, connection = scene
    places = [k.index for k in kept]
    middle = places[200]
    found = [row.index for row in decisions.around(connection, middle, 3)]
    assert found == places[203:196:-1]
    assert [r.index for r in decisions.around(connection, places[0], 1)] == [places[1], places[0]]


def test_search_by_the_start_of_an_id_or_of_a_pseudonym(scene):
    _, kept, connection = scene
    one = next(k for k in kept if k.subject)
    found = decisions.latest(connection, Filter(text=one.id))
    assert [row.id for row in found.rows] == [one.id]
    for length in (3, 8, 12, 26):
        rows = decisions.latest(connection, Filter(text=f" {one.subject[:length]}"), limit=500).rows
        starting = [k.index for k in reversed(kept) if k.subject.startswith(one.subject[:length])]
        assert [row.index for row in rows] == starting
    narrowed = Filter(text=one.subject, route="human")
    assert {row.route for row in decisions.latest(connection, narrowed).rows} == {"human"}
    assert decisions.total(connection, narrowed) == sum(
        k.subject == one.subject and k.facts.route == "human" for k in kept
    )
    assert decisions.latest(connection, Filter(text="nothing%_")).rows == ()


def test_a_day_that_is_none_is_a_problem(scene):
    with pytest.raises(Problem) as refused:
        decisions.latest(scene[2], Filter(day="yesterday"))
    assert refused.value.code == "index.day" and refused.value.status == 400


def span(kept):
    return min(k.day for k in kept), max(k.day for k in kept)


@pytest.mark.parametrize("mode", MODES)
def test_counts_are_those_of_counting(scene, mode):
    _, kept, connection = scene
    since, until = span(kept)
    mine = [k for k in kept if k.mode == mode]
    for by_day in (True, False):
        for row in (found := counts.decisions(connection, since, until, mode=mode, by_day=by_day)):
            assert row.n == sum(
                (not row.day or k.day == row.day)
                and (k.facts.use_case, k.facts.route, k.facts.effect, k.facts.adverse)
                == (row.use_case, row.route, row.effect, row.adverse)
                for k in mine
            )
        assert sum(row.n for row in found) == len(mine)
    for row in (found := counts.controls(connection, since, until, mode=mode)):
        assert row.n == sum(
            k.day == row.day and k.facts.use_case == row.use_case and (row.control, row.verdict) in k.facts.controls
            for k in mine
        )
    assert sum(row.n for row in found) == 2 * len(mine)
    asked = counts.models(connection, since, until, mode=mode, by_day=False)
    assert sum(row.answered for row in asked) == sum(m[5] for k in mine for m in k.facts.models)
    assert sum(row.failed for row in asked) == sum(not m[5] for k in mine for m in k.facts.models)
    for trait, member in (("channel", "channel"), ("language", "language"), ("tier", "tier")):
        for row in counts.traits(connection, since, until, trait=trait, mode=mode):
            assert row.n == sum(
                k.facts.use_case == row.use_case and getattr(k.facts, member) == row.value for k in mine
            )
    why = counts.traits(connection, since, until, trait="why", mode=mode)
    assert sum(row.n for row in why) == sum(len(k.facts.why) for k in mine)
    failover = counts.traits(connection, since, until, trait="failover", mode=mode, use_case="credit")
    assert {r.value: r.n for r in failover}.get("yes", 0) == sum(
        k.facts.failover for k in mine if k.facts.use_case == "credit"
    )


def test_histograms_hold_every_value_in_its_bucket(scene):
    _, kept, connection = scene
    since, until = span(kept)
    mine = [k.facts for k in kept if k.mode == "live" and k.facts.use_case == "credit"]
    scores = counts.histogram(connection, "credit", "score", since, until)
    assert [(bar.low, bar.high) for bar in scores] == [(-3.3, -3.2), (610.0, 620.0)]
    assert [bar.n for bar in scores] == [sum(f.score == s for f in mine) for s in ("-3.250000", "612.500000")]
    sure = counts.histogram(connection, "credit", "confidence", since, until)
    assert [(bar.low, bar.n) for bar in sure] == [
        (0.41, sum(f.confidence == "0.415000" for f in mine)), (0.93, sum(f.confidence == "0.930000" for f in mine))
    ]  # fmt: skip
    slow = counts.histogram(connection, "credit", "latency", since, until)
    assert [(bar.low, bar.high) for bar in slow] == [(0, 10), (125, 160), (800, 1000), (40_000, 50_000)]


def test_extents_and_choices(scene):
    _, kept, connection = scene
    for found in counts.use_cases(connection):
        own = [k for k in kept if k.facts.use_case == found.name]
        assert (found.n, found.first_index, found.last_index) == (len(own), own[0].index, own[-1].index)
    assert {(m.name, m.version) for m in counts.model_versions(connection)} == {("m.one", "1"), ("m.one", "2"),
                                                                                ("m.two", "1")}  # fmt: skip
    offered = counts.choices(connection)
    assert offered["use_case"] == ("alerts", "credit") and offered["route"] == ("auto", "blocked", "human")


def test_the_overview_is_a_sum_over_days(scene):
    _, kept, connection = scene
    until = span(kept)[1]
    for row in overview(connection, until, (1, 2, 30)):
        after = days.number(until) - row.days
        own = [
            k for k in kept
            if k.mode == "live" and k.facts.use_case == row.use_case and days.number(k.day) > after
        ]  # fmt: skip
        assert row.decisions == len(own)
        assert row.automatic == sum(k.facts.route == "auto" for k in own)
        assert row.human == sum(k.facts.route == "human" for k in own)
        assert row.blocked == sum(k.facts.route == "blocked" for k in own)
        assert row.adverse == sum(bool(k.facts.adverse) for k in own)
        middle = sorted(k.facts.latency_us for k in own)[(len(own) - 1) // 2]
        assert row.latency is not None and row.latency.low <= middle < row.latency.high
        assert row.share(row.automatic) == row.automatic / len(own)


def test_everything_that_comes_out_can_be_written_as_json(scene):
    _, kept, connection = scene
    since, until = span(kept)
    for value in (
        decisions.latest(connection), overview(connection, until), counts.decisions(connection, since, until),
        counts.histogram(connection, "credit", "latency", since, until), events.latest(connection),
        decisions.neighbours(connection, 5), counts.use_cases(connection), events.counts(connection, since, until),
    ):  # fmt: skip
        assert b"NaN" not in msgspec.json.encode(value)


@pytest.fixture
def told(tmp_path):
    bank = Bank(tmp_path)
    first = bank.add(decision(use_case="credit", imported=False), decision(use_case="credit"), who="Ada", at=START_MS)
    with Index.open(bank.folder / "index.db", bank.ledger, (Decisions(),)) as index:
        yield bank, index, first
    bank.close()


def test_what_speaks_of_a_decision(told):
    bank, index, (one, other) = told
    review = bank.add(Review(verdict="agree", review_seconds=12), who="Ada", refs=(one,), actor="p-1")[0]
    bank.add(Release(outcome="as_decided"), who="Ada", refs=(one, review), actor="p-2")
    bank.add(Override(reason="policy"), Override(reason="policy"), who="Ada", refs=(one,), actor="p-2")
    bank.add(OutcomeLabel(label="repaid", label_at=1), refs=(other,), actor="cli")
    bank.add(Attention(caught=False, reviewer="p-1"), refs=(one, review))
    index.follow()
    with index.reading() as connection:
        about = events.about(connection, one)
        assert [e.kind for e in about] == ["review", "release", "override", "override", "attention"]
        assert about[0].facts == {"review_seconds": 12, "verdict": "agree"} and about[0].actor == "p-1"
        assert [e.kind for e in events.about(connection, review)] == ["release", "attention"]
        row = decisions.one(connection, one)
        assert row is not None and row.later == ("review", "release", "override", "attention")
        assert events.one(connection, review) == about[0] and events.one(connection, one) is None
        assert events.starting(connection, review[:20])[-1].id in {review, *[e.id for e in about]}
        day = days.iso(days.day_of(START_MS))
        done = {(c.kind, c.what): c.n for c in counts.later(connection, day, day)}
        assert done == {("review", "agree"): 1, ("release", "as_decided"): 1, ("override", "policy"): 2,
                        ("label", "repaid"): 1, ("attention", "no"): 1}  # fmt: skip
        made = {c.kind: c.n for c in counts.later(connection, day, day, basis="made", by_day=False)}
        assert made == {"review": 1, "release": 1, "override": 1, "label": 1, "attention": 1}
        assert [f.overridden for f in overview(connection, day, (1,))] == [1]
        assert [e.kind for e in events.latest(connection, ("override", "review")).rows] == ["override"] * 2 + ["review"]
        mine = events.latest(connection, actor="p-2", limit=2)
        assert [e.kind for e in mine.rows] == ["override", "override"] and mine.older is not None
        rest = events.latest(connection, actor="p-2", before=mine.older)
        assert [e.kind for e in rest.rows] == ["release"] and rest.older is None
        subject = row.subject
        seen = events.of_subject(connection, subject, limit=3)
        assert len(seen.rows) == 3
        assert len(events.of_subject(connection, subject, before=seen.older).rows) == 1
        assert {(c.kind, c.n) for c in events.counts(connection, day, day)} >= {("override", 2), ("review", 1)}


def test_what_is_in_force_for_a_subject(told):
    bank, index, _ = told
    bank.add(OptOut(), OptOut(use_case="credit"), Hold(basis="court"), Retention(basis="law", until_ms=5), who="Ada")
    index.follow()
    subject = bank.vault.known("Ada")
    with index.reading() as connection:
        now = events.standing(connection, subject)
        assert {e.facts.get("use_case", "") for e in now.opt_outs} == {"", "credit"}
        assert now.hold is not None and now.retention is not None and now.restriction is None
    bank.add(OptOut(active=False), Hold(active=False, basis="court"), Retention(basis="law"), who="Ada")
    index.follow()
    with index.reading() as connection:
        now = events.standing(connection, subject)
        assert [e.facts.get("use_case") for e in now.opt_outs] == ["credit"]
        assert now.hold is None and now.retention is None


def test_registrations_people_and_erased_keys(told):
    bank, index, _ = told
    bank.add(
        ModelRegistration(id="m", version="1", digest="aa"), ModelRegistration(id="m", version="2", digest="bb"),
        ModelRegistration(id="m", version="1", digest="aa", state="withdrawn"),
        UseCaseRegistration(name="credit", policy_digest="cc", version="1"),
        UseCaseRegistration(name="credit", policy_digest="dd", version="2"),
        Person(person="p-1", roles=("reviewer",)), Person(person="p-1", state="disabled"),
        Erasure(basis="request", erased_kid="K1"), actor="cli",
    )  # fmt: skip
    index.follow()
    with index.reading() as connection:
        models = events.registered(connection, "model")
        states = [(e.facts["version"], e.facts.get("state", "in_use")) for e in models]
        assert states == [("2", "in_use"), ("1", "withdrawn")]
        history = events.registrations(connection, "use_case", "credit")
        assert [e.facts["version"] for e in history] == ["2", "1"] and history[0].actor == "cli"
        assert [e.facts["version"] for e in events.registered(connection, "use_case")] == ["2"]
        assert events.registered(connection, "person")[0].facts["state"] == "disabled"
        assert events.erased(connection, "K1") is not None and events.erased(connection, "K2") is None
