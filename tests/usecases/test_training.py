from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest

from waglan.core import InputSchema, Problem
from waglan.core.manifest import parse_manifest
from waglan.harbour import write_applicants
from waglan.kit.scorecard import read
from waglan.runtime import read_model
from waglan.usecases.credit import dataset as data
from waglan.usecases.credit.declare import Wishes
from waglan.usecases.credit.report import TrainingReport
from waglan.usecases.credit.toml import dump_manifest
from waglan.usecases.credit.training import VALID_MS, Options, registrations, save, train

NOW = 1_800_000_000_000


@pytest.fixture(scope="module")
def applicants(tmp_path_factory):
    path = tmp_path_factory.mktemp("training") / "applicants.csv"
    write_applicants(path, 3000, seed=7)
    return path


@pytest.fixture(scope="module")
def trained(applicants):
    return train(applicants, Options(target="default", stakes="requested_amount_hkd"), NOW)


def lines(path, *rows, encoding="utf-8"):
    path.write_bytes("\n".join(rows).encode(encoding))
    return path


def synthetic(n=400, seed=1):
    rng = np.random.default_rng(seed)
    x, code = rng.normal(size=n), rng.integers(1, 4, n)
    bad = rng.random(n) < 1 / (1 + np.exp(1.0 - 1.6 * x - (code == 2)))
    return [f"{i + 1},{a:.4f},{c},{'M' if a * i % 2 > 1 else 'F'},{int(b)}" for i, (a, c, b) in
            enumerate(zip(x, code, bad, strict=True))]  # fmt: skip


HEADER = "row,x,code,sex,default"


def test_what_is_written_can_be_loaded_and_decides(trained, tmp_path, applicants):
    paths = save(trained, tmp_path)
    text = paths[0].read_text(encoding="utf-8")
    manifest = parse_manifest(text, str(paths[0]))
    assert manifest == trained.manifest
    model = read_model(paths[1])
    assert paths[1].name == f"credit.scorecard-{model.card.version}.json"
    assert manifest.models["score"].use == (model.card.id,)
    schema = InputSchema(manifest.inputs)
    table = data.read_dataset(applicants)
    row = {name: c.known[c.codes[0]] for name, c in table.columns.items()}
    clean = schema.clean_text(row)
    assert set(clean.aside) == {"age", "sex"}
    assert "default" in clean.dropped
    answer = model.predict(clean.inputs)
    assert answer.stakes_hkd == clean.inputs["requested_amount_hkd"]
    assert msgspec.json.decode(paths[2].read_bytes(), type=TrainingReport) == trained.report


def test_roles_come_from_the_file_the_firm_and_the_earlier_manifest(trained):
    roles = {c.name: (c.type, c.role) for c in trained.report.columns}
    assert roles["applicant_id"] == ("text", "subject")
    assert roles["age"] == ("integer", "protected")
    assert roles["sex"] == ("category", "protected")
    assert roles["payroll_account"] == ("boolean", "feature")
    assert roles["years_employed"] == ("number", "feature")
    assert roles["remark"] == ("text", "feature")
    assert roles["applied_on"][1] == roles["default"][1] == "unused"
    inputs = trained.manifest.inputs
    assert not inputs["monthly_income_hkd"].required
    assert inputs["existing_debt_hkd"].required
    assert inputs["existing_debt_hkd"].change == "decrease"


def test_the_planted_bias_is_in_the_report(trained):
    groups = {g.group: g for g in trained.report.scorecard.groups if g.attribute == "sex"}
    assert groups["F"].ratio < 0.95
    assert groups["M"].ratio == 1.0
    assert trained.report.scorecard.holdout.auc > 0.65
    assert abs(trained.report.scorecard.holdout.rows - 900) <= 1


def test_training_again_keeps_what_people_wrote(trained, applicants):
    inputs = dict(trained.manifest.inputs)
    inputs["district"] = msgspec.structs.replace(inputs["district"], title={"en": "Where"}, change="any")
    mine = msgspec.structs.replace(trained.manifest, owner="Ms Chan", inputs=inputs)
    again = train(applicants, Options(target="default"), NOW, mine)
    assert again.manifest.owner == "Ms Chan"
    assert again.manifest.inputs["district"].title == {"en": "Where"}
    assert again.manifest.inputs["district"].change == "any"
    assert again.manifest.inputs["age"].role == "protected"


def test_the_same_file_and_seed_give_the_same_model(trained, applicants):
    again = train(applicants, Options(target="default", stakes="requested_amount_hkd"), NOW)
    assert [f.raw for f in again.files] == [f.raw for f in trained.files]


def test_registration_says_whether_anybody_validated(trained):
    (plain,) = registrations(trained, NOW)
    assert (plain.validated_at, plain.validator, plain.state) == (None, "", "in_use")
    (valid,) = registrations(trained, NOW, validator="Model Validation")
    assert valid.validation_expires_at - valid.validated_at == VALID_MS
    assert valid.digest == trained.files[0].digest


def test_another_name_uses_the_same_decider(applicants):
    found = train(applicants, Options(target="default", use_case="cards"), NOW)
    assert (found.manifest.name, found.manifest.plugin) == ("cards", "credit")
    assert found.files[0].id == "cards.scorecard"


def test_wishes_go_first(tmp_path):
    path = lines(tmp_path / "a.csv", HEADER, *synthetic())
    wishes = Wishes(protected=("sex",), category=("code",), change={"x": "increase"}, subject="row")
    found = train(path, Options(target="default", wishes=wishes, monotone={"x": "increasing"}), NOW)
    inputs = found.manifest.inputs
    assert (inputs["code"].type, inputs["sex"].role, inputs["row"].role) == ("category", "protected", "subject")
    assert inputs["x"].change == "increase"
    card = read(found.files[0].raw).scorecard
    assert card.protected == ("sex",)
    assert {c.name for c in card.characteristics} <= {"x", "code"}


def test_names_of_rows_constants_and_leaks_are_found(tmp_path):
    rows = [f"{line},same,{line[-1]}.5" for line in synthetic()]
    found = train(lines(tmp_path / "a.csv", HEADER + ",constant,written_after", *rows), Options(target="default"), NOW)
    notes = {c.name: c.role for c in found.report.columns}
    assert notes["row"] == notes["constant"] == "unused"
    assert any(w.startswith("written_after alone reaches AUC 1.000") for w in found.report.warnings)


def test_a_proxy_is_named(tmp_path):
    rows = [f"{line},{'short' if ',M,' in line else 'long'}" for line in synthetic()]
    found = train(
        lines(tmp_path / "a.csv", HEADER + ",hair", *rows),
        Options(target="default", wishes=Wishes(protected=("sex",))),
        NOW,
    )
    assert any(w.startswith("hair tells sex = ") for w in found.report.warnings)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["1", "2", "-3"], "integer"),
        (["1", "2.5"], "number"),
        (["1e5", "3"], "number"),
        (["007", "012"], "category"),
        (["true", "False"], "boolean"),
        (["2024-02-29", "2023-01-01"], "date"),
        (["2024-02-30", "2023-01-01"], "category"),
        (["nan", "1.5"], "number"),
        (["1_000", "2"], "category"),
        (["9" * 20, "1"], "category"),
        (["inf", "1"], "category"),
        (["金", "木"], "category"),
    ],
)
def test_types_are_told_from_values(values, told):
    column = data.Texts("c", np.arange(1, len(values) + 1), ("", *values))
    assert data.tell(column, 1000).told == told


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"target": "defualt"}, "training.column"),
        ({"target": "x"}, "training.target"),
        ({"target": "code", "bad": "9"}, "training.target"),
        ({"target": "default", "wishes": Wishes(protected=("sexx",))}, "training.column"),
        (
            {"target": "default", "monotone": {"sex": "increasing"}, "wishes": Wishes(protected=("sex",))},
            "training.column",
        ),
        ({"target": "default", "holdout": 2.0}, "training.option"),
        ({"target": "default", "wishes": Wishes(drop=("x", "code", "sex"))}, "training.no_inputs"),
        ({"target": "default", "wishes": Wishes(change={"sex": "increase"})}, "training.column"),
    ],
)
def test_wrong_words_are_problems(tmp_path, options, code):
    path = lines(tmp_path / "a.csv", HEADER, *synthetic())
    with pytest.raises(Problem) as caught:
        train(path, Options(**options), NOW)
    assert caught.value.code == code
    assert caught.value.next


def test_too_few_rows_and_too_many_bad_lines(tmp_path):
    with pytest.raises(Problem) as caught:
        train(lines(tmp_path / "few.csv", HEADER, *synthetic(60)), Options(target="default"), NOW)
    assert caught.value.code == "training.few"
    ragged = [line + (",x,y" if at % 5 == 0 else "") for at, line in enumerate(synthetic())]
    with pytest.raises(Problem) as caught:
        train(lines(tmp_path / "ragged.csv", HEADER, *ragged), Options(target="default"), NOW)
    assert caught.value.code == "training.rejects"
    assert "row" in caught.value.where


def test_a_few_bad_lines_and_missing_outcomes_are_counted(tmp_path):
    rows = synthetic()
    rows[3] += ",too,many"
    rows[7] = rows[7][:-1]
    found = train(lines(tmp_path / "a.csv", HEADER, *rows), Options(target="default"), NOW)
    assert (found.report.rejected, found.report.unlabelled, found.report.rows) == (1, 1, 399)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_and_wide_encodings_are_read(tmp_path, encoding):
    path = lines(tmp_path / "a.csv", HEADER.replace("sex", "性別"), *synthetic(), encoding=encoding)
    found = train(path, Options(target="default", wishes=Wishes(protected=("性別",))), NOW)
    assert found.manifest.inputs["性別"].role == "protected"


def test_manifests_with_awkward_names_read_back(tmp_path):
    header = 'row,"a ""b"".c",[code],sex,default'
    found = train(lines(tmp_path / "a.csv", header, *synthetic()), Options(target="default"), NOW)
    again = parse_manifest(dump_manifest(found.manifest, "Two\nlines"), "x")
    assert 'a "b".c' in again.inputs
    assert again == found.manifest


def test_words_for_absence_are_missing_and_warned_of(tmp_path):
    rows = [line.replace(f"{at + 1},", f"{at + 1},NA-", 1) if at % 9 == 0 else line for at, line in
            enumerate(synthetic())]  # fmt: skip
    rows = [",".join([r.split(",")[0], "NA", *r.split(",")[2:]]) if "NA-" in r else r for r in rows]
    found = train(lines(tmp_path / "a.csv", HEADER, *rows), Options(target="default"), NOW)
    assert not found.manifest.inputs["x"].required
    assert any(w.startswith("x: 45 cells say NA") for w in found.report.warnings)


def test_the_report_is_json(trained):
    body = json.loads(msgspec.json.encode(trained.report))
    assert 0.5 < body["scorecard"]["holdout"]["auc"] < 1
    assert len(body["scorecard"]["deciles"]) == 10
