import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waglan.core import InputSchema, Problem
from waglan.core.usecase import Input

DECLARED = {
    "age": Input(type="integer", minimum=18, maximum=120),
    "monthly income": Input(type="number", required=False),
    "district": Input(type="category", values=("Central", "Sha Tin"), required=False),
    "born": Input(type="date", required=False),
    "owner": Input(type="boolean", required=False),
    "remark": Input(type="text", required=False, max_length=10),
    "tags": Input(type="list", required=False),
    "more": Input(type="object", required=False),
    "sex": Input(type="category", values=("M", "F"), role="protected", required=False),
    "customer": Input(type="text", role="subject", required=False),
    "row": Input(type="text", role="unused"),
}
SCHEMA = InputSchema(DECLARED)


def refused(row, **options):
    with pytest.raises(Problem) as caught:
        SCHEMA.clean(row, **options)
    return {error.where: error for error in caught.value.errors}


def test_roles_go_their_ways():
    clean = SCHEMA.clean({"age": 20, "sex": "F", "customer": "C-7", "row": "12"})
    assert clean.inputs == {n: (20 if n == "age" else None) for n in DECLARED if n not in ("sex", "customer", "row")}
    assert clean.aside == {"sex": "F"} and clean.subject == "C-7" and clean.dropped == ("row",)


def test_every_wrong_field_is_named_with_what_to_do():
    errors = refused({"agee": 20, "monthly income": "much", "district": "Moon", "remark": "x" * 11, "sex": "Q"})
    assert set(errors) == {"agee", "age", "monthly income", "district", "remark", "sex"}
    assert "'age'" in errors["agee"].next and errors["age"].code == "input.missing"
    assert "'Sha Tin'" in errors["district"].why and "10 characters" in errors["remark"].why
    assert "Q" not in errors["sex"].what, "a protected value is never repeated"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, 2e15, "5", True, None, []])
def test_numbers_that_are_none_are_refused(value):
    assert "age" in refused({"age": value})
    if value is not None:
        assert "monthly income" in refused({"age": 20, "monthly income": value})


def test_undeclared_fields_may_be_dropped_by_name():
    assert SCHEMA.clean({"age": 20, "shoe": 42}, drop_unknown=True).dropped == ("shoe",)
    assert set(refused({"age": 2, "shoe": 42}, drop_unknown=True)) == {"age"}


def test_text_cells_are_converted():
    row = {
        "age": " 20 ",
        "monthly income": "1e3",
        "owner": "true",
        "born": "2000-02-29",
        "customer": "007",
        "row": None,
    }
    clean = SCHEMA.clean_text(row)
    assert clean.inputs["age"] == 20 and clean.inputs["monthly income"] == 1000.0
    assert clean.inputs["owner"] is True and clean.inputs["born"] == "2000-02-29" and clean.subject == "007"


@pytest.mark.parametrize("cell", ["1e999", "nan", "inf", "0x10", "1_000", "１２", "1,000", "twenty"])
def test_text_that_is_no_number_is_refused(cell):
    with pytest.raises(Problem) as caught:
        SCHEMA.clean_text({"age": "20", "monthly income": cell})
    assert caught.value.where == "monthly income"


@given(
    st.dictionaries(
        st.sampled_from([*DECLARED, "other"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()) | st.binary(),
    )
)
def test_a_row_is_clean_or_a_problem_that_names_its_fields(row):
    try:
        clean = SCHEMA.clean(row)
    except Problem as problem:
        assert problem.errors and {e.where for e in problem.errors} <= {*DECLARED, "other"}
    else:
        assert 18 <= clean.inputs["age"] <= 120


@given(st.dictionaries(st.sampled_from([*DECLARED, "other"]), st.text() | st.none()))
def test_a_text_row_is_clean_or_a_problem(row):
    try:
        SCHEMA.clean_text(row)
    except Problem as problem:
        assert problem.errors


def test_wrong_values_are_shortened_and_hidden_where_personal():
    assert len(refused({"age": "x" * 500})["age"].what) < 120
    assert (
        "number" in refused({"age": 20, "customer": 5})["customer"].what
        or "int" in refused({"age": 20, "customer": 5})["customer"].what
    )
    assert SCHEMA.names == tuple(DECLARED)
