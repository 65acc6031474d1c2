"""The red team's own script, on a small part of the space: it finds everybody before, and those kept after."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from waglan.ledger.reference import check_digit

BENCH = Path(__file__).resolve().parents[2] / "bench"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCH))
    import erasure

    return erasure


def test_nothing_is_found_after_erasure() -> None:
    words = ["--json", "--letters", "B", "--numbers", "1500", "--subjects", "24", "--decisions", "2"]
    run = subprocess.run(
        [sys.executable, str(BENCH / "erasure.py"), *words], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr
    figures = json.loads(run.stdout.splitlines()[-1])
    assert figures["found_before"] == figures["subjects"] == 24
    assert (figures["erased_found"], figures["erased_secrets_left"], figures["kept_found"]) == (0, 0, 12)


def test_the_attack_finds_what_is_planted(script: ModuleType) -> None:
    """Every form and digest that the script claims to try, raw, in hexadecimal and in base64."""
    import base64

    number, key = "C004242", bytes(range(32))
    check = check_digit(number)
    for form in (number + check, f"{number}({check})", number, (number + check).lower()):
        text = form.encode()
        digests = [hashlib.new(n, text).digest() for n in ("sha256", "sha1", "md5", "blake2b", "blake2s")]
        for digest in [*digests, hmac.digest(key, text, "sha256")]:
            for wrapped in (digest, digest.hex().encode(), digest.hex().upper().encode(), base64.b64encode(digest)):
                seen = [b"x" * 3 + b'{"a":"' + wrapped + b'"}']
                seen += [b"\0".join(script.decoded(data)) for data in seen]
                near = script.numbers_of("C", 4240, 4245)
                assert script.attack(near, script.prefixes(seen), script.hashes([key])) == {number}
    wide = "Ｃ００４２４２（" + check + "）"
    for data in (f'"{number}"', f" {number}({check}) ", number.lower(), wide):
        assert script.plain([data.encode()]) == {number}
    assert script.plain([(" " + number + " ").encode("utf-16-le")]) == {number}
    assert script.plain([f"{number}({(int(check, 16) + 1) % 10})".encode(), b"XYC004242", b"C0042421234"]) == set()


def test_check_digits_of_a_column(script: ModuleType) -> None:
    for letters in ("A", "Z", "AB"):
        numbers = script.numbers_of(letters, 123_400, 123_500)
        assert script.check_digits(numbers) == "".join(map(check_digit, numbers))
