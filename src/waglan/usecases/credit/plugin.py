"""The use case as installed: the shipped manifest for the sample bank's applicants, the decider, sample cases."""

from __future__ import annotations

from pathlib import Path

from waglan.runtime.catalogue import load_plugin
from waglan.usecases.credit.decider import Credit

SAMPLES: tuple[dict[str, object], ...] = (
    {
        "applicant_id": "SYN-0000001", "age": 41, "sex": "F", "district": "Sha Tin", "employment": "public_sector",
        "years_employed": 12.5, "monthly_income_hkd": 52000, "existing_debt_hkd": 80000, "purpose": "renovation",
        "requested_amount_hkd": 150000, "term_months": 36, "late_payments_12m": 0, "card_utilisation": 0.12,
        "years_with_bank": 9.0, "payroll_account": True, "remark": "Kitchen works in January.",
    },
    {
        "applicant_id": "SYN-0000002", "age": 26, "sex": "M", "district": "Yau Tsim Mong",
        "employment": "self_employed", "years_employed": 0.5, "monthly_income_hkd": 14000, "existing_debt_hkd": 210000,
        "purpose": "debt_consolidation", "requested_amount_hkd": 180000, "term_months": 60,
        "late_payments_12m": 4, "months_since_late": 1,
        "card_utilisation": 0.97, "years_with_bank": 1.0, "payroll_account": False, "remark": "希望盡快批核。",
    },
    {
        "applicant_id": "SYN-0000003", "age": 67, "sex": "F", "district": "Islands", "employment": "retired",
        "existing_debt_hkd": 0, "purpose": "medical", "requested_amount_hkd": 30000, "term_months": 12,
        "late_payments_12m": 0, "card_utilisation": 0.0, "years_with_bank": 25.0, "payroll_account": False,
    },
)  # fmt: skip

MANIFEST = Path(__file__).with_name("manifest.toml")

plugin = load_plugin(MANIFEST, Credit(), SAMPLES)
