"""A small use case, as a firm would write one beside its waglan.toml."""

from __future__ import annotations

from pathlib import Path

from waglan import Case, Kit, Outcome, Reason, load_plugin

SMALL = {"en": "The amount is small.", "zh-Hant": "金額較小。", "zh-Hans": "金额较小。"}
LARGE = {"en": "The amount is large.", "zh-Hant": "金額較大。", "zh-Hans": "金额较大。"}


class Triage:
    inline = True

    def decide(self, case: Case, kit: Kit) -> Outcome:
        amount = case.inputs["amount_hkd"]
        small = amount <= 500
        return Outcome(
            value={"refund_hkd": amount if small else 0},
            effect="refund" if small else "pass_on",
            adverse=False,
            confidence=0.9,
            score=amount,
            reasons=(Reason(code="amount.small" if small else "amount.large", text=SMALL if small else LARGE),),
            stakes_hkd=amount,
            flags=() if case.inputs["kind"] != "fraud" else ("fraud",),
        )


plugin = load_plugin(
    Path(__file__).with_name("triage.toml"),
    Triage(),
    ({"customer": "SYN-0001", "amount_hkd": 120.5, "kind": "fee", "text": "費用重複收取 charged twice"},),
)
