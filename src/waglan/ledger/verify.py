#!/usr/bin/env python3
# fmt: off
"""Check a Waglan log without Waglan: this file and Python 3.11, nothing else.
python3 verify.py DIR --vkey KEY ... [--old CHECKPOINT ...] [--proof RECEIPT ...]     (DIR can be left out with --proof)
Exit code 0: nothing is wrong; 1: tampering was found; 2: wrong usage. Take the KEYs from paper, never from DIR."""
# ruff: noqa: B905, C408, D103, D205, D209, E401, E501, E701, E702, I001, PLW2901, PTH123, RUF007, UP031
from __future__ import annotations; import sys
if __name__ == "__main__" and not sys.flags.safe_path: sys.path.pop(0)  # no module of the folder it lies in, least of all DIR's
import argparse, base64, collections, concurrent.futures, functools, hashlib, hmac, json, operator, re, unicodedata
from pathlib import Path; from typing import Any
# ---- Ed25519 (RFC 8032), as OpenSSL checks it: no cofactor, R compared as bytes, S below L.
P, L, SHA256 = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, hashlib.sha256
D = -121665 * pow(121666, -1, P) % P
def point(raw: bytes) -> Any:
    u, v = (y := int.from_bytes(raw, "little") & (1 << 255) - 1) ** 2 - 1, D * y * y + 1
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    x = x if (v * x * x - u) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    x = -x % P if x & 1 != raw[31] >> 7 else x
    return None if (v * x * x - u) % P else (x, y % P, 1, x * y % P)
def plus(p: Any, q: Any) -> Any:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P
def ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    s, base, zero = int.from_bytes(signature[32:], "little"), point(b"\x58" + b"\x66" * 31), (0, 1, 1, 0)
    if len(public) != 32 or len(signature) != 64 or s >= L or not (a := point(public)): return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    table = (r := zero, base, minus := (-a[0] % P, a[1], 1, -a[3] % P), plus(base, minus))
    for bit in range(252, -1, -1): r = plus(plus(r, r), table[(s >> bit & 1) + 2 * (k >> bit & 1)])
    x, y = (c * pow(r[2], -1, P) % P for c in r[:2])
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]
# ---- ML-DSA-44, FIPS 204 algorithm 8. In transforms the block index runs fastest: a layer is one pass over two halves.
Q, G2 = 8380417, 95232
LAYERS = [[pow(1753, int(f"{i:08b}"[::-1], 2), Q) for i in range(1 << n, 2 << n)] * (128 >> n) for n in range(8)]
def ntt(f: list[int]) -> list[int]:
    for layer in LAYERS:
        t = [z * x % Q for z, x in zip(layer, f[128:])]
        f[::2], f[1::2] = list(map(operator.add, f[:128], t)), list(map(operator.sub, f[:128], t))
    return f
def ntt_back(f: list[int]) -> list[int]:
    for layer in reversed(LAYERS):  # a root's inverse is minus the root at the other end of its layer
        f = list(map(operator.add, f[::2], f[1::2])) + [(y - x) * z % Q for x, y, z in zip(f[::2], f[1::2], layer[::-1])]
    return [x * 8347681 % Q for x in f]
def bits(raw: bytes, width: int) -> list[int]:
    return [v >> i & (1 << width) - 1 for v in [int.from_bytes(raw, "little")] for i in range(0, 8 * len(raw), width)]
def ball(seed: bytes) -> list[int]:
    c, stream = [0] * 256, iter(hashlib.shake_256(seed).digest(4096))
    signs = sum(next(stream) << 8 * i for i in range(8))
    for i in range(217, 256):
        j = next(b for b in stream if b <= i)
        c[i], c[j], signs = c[j], 1 - 2 * (signs & 1), signs >> 1
    return c
def ml_dsa_44(public: bytes, signature: bytes, message: bytes, context: bytes = b"") -> bool:
    z = [[(1 << 17) - v for v in bits(signature[i : i + 576], 18)] for i in range(32, 2336, 576)]
    marks, ends = signature[2336:2416], (0, *signature[2416:])
    hints = [list(marks[a:b]) for a, b in zip(ends, ends[1:])]
    if ((len(public), len(signature)) != (1312, 2420) or len(context) > 255 or [*ends] != sorted(ends) or any(marks[ends[-1] :])
            or any(h != sorted(set(h)) for h in hints) or ends[4] > 80 or max(max(map(abs, f)) for f in z) >= (1 << 17) - 78):
        return False
    mu = hashlib.shake_256(public).digest(64) + bytes([0, len(context)]) + context + message
    mu, c, zs, w1 = hashlib.shake_256(mu).digest(64), ntt(ball(signature[:32])), [ntt(f) for f in z], b""
    for r in range(4):
        t = ntt([v << 13 for v in bits(public[32 + 320 * r : 352 + 320 * r], 10)])
        raw = (bits(hashlib.shake_128(public[:32] + bytes([s, r])).digest(1008), 24) for s in range(4))
        rows = [map(operator.mul, zs[s], (v for x in a if (v := x & 0x7FFFFF) < Q)) for s, a in enumerate(raw)]
        w = ntt_back([(sum(az) - x * y) % Q for x, y, *az in zip(c, t, *rows)])
        high = [(v + G2 - 1) // (2 * G2) for v in w]
        for i in hints[r]: high[i] += 1 if w[i] > high[i] * 2 * G2 else -1
        w1 += sum(v % 44 << 6 * i for i, v in enumerate(high)).to_bytes(192, "little")
    return hashlib.shake_256(mu + w1).digest(32) == signature[:32]
# ---- Checkpoints (c2sp.org/tlog-cosignature). Keys go by name and id; the first byte: 1 Ed25519, 4 a witness, 6 ML-DSA-44.
NOTE = re.compile(r"\A((\S+)\n(0|[1-9][0-9]{0,18})\n(\S{44})\n)\n((?:— [^\s+]+ \S+\n){1,64})\Z")
Keys = dict[tuple[str, str], bytes]
def need(holds: object, otherwise: str) -> Any:
    if not holds: raise ValueError(otherwise)
def b64(text: str) -> bytes:
    return raw if base64.b64encode(raw := base64.b64decode(text)).decode() == text else need(False, f"odd base64: {text[:20]}")
def read_keys(vkeys: list[str]) -> Keys:
    return {(name, key_id): b64(key) for name, key_id, key in (text.split("+", 2) for text in vkeys)}
def read_head(text: str, keys: Keys) -> tuple[str, int, bytes, set[tuple[str, str]]]:  # and which keys sign: one at least, none wrongly
    [(body, origin, size, root64, lines)], signers = NOTE.findall(text) or need(0, "no signed checkpoint"), set[tuple[str, str]]()
    for name, raw in ((line.split(" ")[1], b64(line.split(" ")[2])) for line in lines.split("\n")[:-1]):
        if (key := (name, raw[:4].hex())) in keys:
            kind, at, who, log = keys[key][0], raw[4:12], name.encode(), origin.encode()
            tree = b"subtree/v1\n\0%c%b%b%c%b%b" % (len(who), who, at, len(log), log, int(size).to_bytes(16, "big")) + b64(root64)
            seen = f"cosignature/v1\ntime {int.from_bytes(at, 'big')}\n{body}".encode()
            check, message = {1: (ed25519, body.encode()), 4: (ed25519, seen), 6: (ml_dsa_44, tree)}[kind]
            need(key not in signers and check(keys[key][1:], raw[4 if kind == 1 else 12 :], message),
                 f"checkpoint {size} of {origin}: the signature by {'+'.join(key)} is wrong")
            signers.add(key)
    return need(signers, f"checkpoint {size} of {origin} is not signed by a key you trust") or (origin, int(size), b64(root64), signers)
def unsigned(keys: Keys, signers: set[tuple[str, str]]) -> set[int]:  # the kinds of key in force of which none signed
    return {key[0] for key in keys.values()} - {keys[k][0] for k in signers & keys.keys()}
# ---- The tree (RFC 6962) and its tiles (c2sp.org/tlog-tiles).
def up(level: list[bytes]) -> list[bytes]:
    return [SHA256(b"\1" + a + b).digest() for a, b in zip(level[::2], level[1::2])]
def root_of(tops: list[bytes], rest: list[bytes]) -> bytes:  # over complete subtrees of height 8 and the leaf hashes after them
    peaks: list[bytes] = []
    for level in (rest, tops):
        while level:
            peaks, level = peaks + level[len(level) & ~1 :], up(level)
    return functools.reduce(lambda right, left: up([left, right])[0], peaks) if peaks else hashlib.sha256().digest()
def tile(folder: Path, level: int | str, index: int, count: int) -> bytes:
    name = "".join(f"x{index // 1000**i % 1000:03d}/" for i in range(6, 0, -1) if index >= 1000**i) + f"{index % 1000:03d}"
    with open(f"{folder}/tile/{level}/{name}{'' if count >= 256 * index + 256 else f'.p/{count % 256}'}", "rb", 0) as file: return file.readall()
# ---- Leaves: canonical JSON. The first of a shape (what is left without PLAIN) is read in full, others match its expression.
TOKEN = re.compile(r'("[ !#-\[\]-~]*"(?!:))|([-\w]+)|"(?:[^"\\]|\\.)*"|.', re.S)
FILL, RULES = {1: '"[^"]*+"', 2: r"(?:0|-?[1-9]\d*+|true|false|null)"}, (b'"erasure"', b'"key"')
READ, MORE = {"at_ms", "id", "kid", "kind", "n", "source", "tenant"}, {"actor", "commit", "facts", "refs", "subject", "v"}
PLAIN, NONE, SHAPES = bytes(set(range(32, 127)) - set(b'{}[]",:\\')), re.compile(b"(?!)"), dict[bytes, Any]()
def shape(leaf: bytes) -> Any:
    value, text = json.loads(leaf, parse_float=str, parse_constant=str), leaf.decode()
    parts = {k: json.dumps(value[k], sort_keys=True, ensure_ascii=False, separators=(",", ":")) for k in sorted(value)}
    need("{%s}" % ",".join(f'"{k}":{v}' for k, v in parts.items()) == text and unicodedata.is_normalized("NFC", text)
         and READ - {"kid"} <= parts.keys() <= READ | MORE and len(leaf) <= 16384, f"not a canonical leaf: {text[:99]}")
    fill = {k: TOKEN.sub(lambda m: FILL.get(m.lastindex or 0) or re.escape(m[0]), v) for k, v in parts.items()}
    fill |= {k: f"({fill[k]})" for k in READ & fill.keys()} | ({} if "kid" in fill else {"id": f"({fill['id']})()"})
    found = re.compile(b"\\{%b\\}" % ",".join(f'"{k}":{v}' for k, v in fill.items()).encode())
    return SHAPES.update({leaf.translate(None, PLAIN): found}) or found
def scan(folder: Path, size: int, number: int) -> tuple[Any, ...]:  # a bundle: hashes, members READ, special leaves
    raw, at, leaves = tile(folder, "entries", number, size), 0, list[bytes]()
    while at < len(raw): leaves.append(raw[at + 2 : (at := at + 2 + (raw[at] << 8) + raw[at + 1])])
    hashes = [SHA256(b"\0" + leaf).digest() for leaf in leaves]
    need([len(hashes), b"".join(hashes)] == [min(256, size - 256 * number), tile(folder, 0, number, size)], f"bundle {number} is wrong")
    rows = [(SHAPES.get(x.translate(None, PLAIN), NONE).fullmatch(x) or shape(x).fullmatch(x)).groups() for x in leaves]
    times, ids, kids, kinds, counts, sources, owners = zip(*rows)
    runs, indices, back = collections.defaultdict[bytes, list[int]](list), range(256 * number, size), [*map(int, times)]
    for source, n in zip(sources, map(int, counts)): runs[source].append(n)
    rules = {i: json.loads(leaf) for i, kind, leaf in zip(indices, kinds, leaves) if kind in RULES}
    return [root_of([], hashes)] if len(hashes) == 256 else hashes, ids, dict(zip(kids, indices)), runs, kinds, {*owners}, sum([b < a - 2000 for a, b in zip(back, back[1:])]), rules
# ---- A whole log, and single receipts.
def hand_over(origin: str, force: Keys, facts: dict[str, Any]) -> Keys:  # to the new keys, if the present ones sign for them
    new, hashes = read_keys(facts["vkeys"]), [hashlib.sha256(b"\0" + v.encode()).digest() for v in facts["vkeys"]]
    *head, signers = read_head(facts["handover"], force | new)
    need(head == [f"{origin}/keys", len(hashes), root_of([], hashes)] and new.keys() <= signers, "wrong key change")
    return force if unsigned(force, signers) - {4} else new | {k: v for k, v in force.items() if v[0] == 4}
def check_log(folder: Path, keys: Keys, kept: list[str]) -> dict[str, Any]:
    note, force, known, seen = (folder / "checkpoint").read_bytes().decode(), keys, keys, set[bytes]()
    origin, size, tops, rest, back, owners = note.split("\n")[0], int(note.split("\n")[1]), list[bytes](), list[bytes](), 0, set[bytes]()
    kinds, following, erased = collections.Counter[bytes](), collections.Counter[bytes](), dict[bytes, int]()
    need(-(-size // 256) <= sum(map(Path.is_file, (folder / "tile/entries").rglob("*"))), f"of the {size} entries some are missing")
    run: Any = functools.partial(concurrent.futures.ProcessPoolExecutor().map, chunksize=8) if size > 16384 else map
    for hashes, ids, kids, runs, names, tenants, late, rules in run(functools.partial(scan, folder, size), range(-(-size // 256))):
        for i, leaf in rules.items():
            if leaf["kind"] == "erasure": erased[b'"%b"' % leaf["facts"]["erased_kid"].encode()] = i
            else: known = known | (force := hand_over(origin, force, leaf["facts"]))
        for source, numbers in runs.items():
            need(numbers == [*range(n := following[source], n + len(numbers))], f"{source.decode()} does not count on from {n}")
            following[source] += len(numbers)
        need(not [k for k in erased.keys() & kids.keys() if kids[k] > erased[k]], "an entry is of a subject erased before")
        need(seen.isdisjoint(ids), "an entry is in the log twice")
        seen.update(ids); kinds.update(names); owners.update(tenants); (tops if len(ids) == 256 else rest).extend(hashes); back += late
    (_, _, root, signers), above = read_head(note, known), tops
    for level in range(1, 8):
        tiles = b"".join(tile(folder, level, i, len(above)) for i in range(-(-len(above) // 256)))
        need(tiles == b"".join(above), f"the tiles of level {level} are not made of those below")
        above = [root_of([], above[i : i + 256]) for i in range(0, len(above) & ~255, 256)]
    need(root == root_of(tops, rest), f"the root of the {size} entries is not the one that was signed")
    need(len(seen) == size and len(owners) < 2, "an entry is in the log twice, or of another tenant")
    for name, old, old_root, by in (read_head(text, known) for text in kept):
        raw = tile(folder, 0, old // 256, size) if old % 256 and old <= size else b""
        same = root_of(tops[: old // 256], [raw[i : i + 32] for i in range(0, old % 256 * 32, 32)]) == old_root
        need(name == origin and old <= size and same, f"of {name}, the first {old} entries were rewritten or cut back since")
        signers |= {k for k in by if known[k][0] == 4}
    need(not unsigned(force, signers), f"the checkpoint lacks a signature of kind {unsigned(force, signers)} by a key in force")
    listed, trusted = read_keys((folder / "vkeys").read_bytes().decode().split("\n")[:-1]), {k: v for k, v in force.items() if v[0] != 4}
    need({k: v for k, v in listed.items() if v[0] in {key[0] for key in trusted.values()}} == trusted, "vkeys lists other keys")
    return dict(log=origin, size=size, root=root.hex(), kinds={k.decode()[1:-1]: n for k, n in kinds.items()}, sources=len(following), back=back, erased=erased, keys=known)
def check_receipt(text: str, keys: Keys, erased: dict[bytes, int]) -> dict[str, Any]:
    (origin, size, root, _), index = read_head((receipt := json.loads(text))["checkpoint"], keys), receipt["index"]
    leaf, inner, said = receipt["leaf"].encode(), (index ^ size - 1).bit_length(), json.loads(receipt["leaf"])
    found, opened = hashlib.sha256(b"\0" + leaf).digest(), receipt.get("opened", {"key": "", "fields": {}})
    for i, h in enumerate(path := [*map(b64, receipt["path"])]): found = up([h, found] if i >= inner or index >> i & 1 else [found, h])[0]
    need(0 <= index < size and len(path) == inner + (index >> inner).bit_count() and found == root and shape(leaf),
         f"the receipt's entry is not number {index} of the first {size} of {origin}")
    need(not opened["fields"] or erased.get(b'"%b"' % said["kid"].encode(), size) >= size, "opened after the subject's erasure")
    for field, payload in opened["fields"].items():
        digest = hmac.digest(bytes.fromhex(opened["key"]), f"waglan/rec/v1\0{field}\0{payload}".encode(), "sha256")
        need(digest.hex() == said["commit"][field], f"the {field} that {said['id']} opens is not the one it committed to")
    return dict(log=origin, index=index, size=size, leaf=said, opened=opened["fields"])
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", nargs="?", type=Path)
    parser.add_argument("--vkey", nargs="+", action="extend", required=True, type=lambda text: read_keys([text]))
    for name in ("--old", "--proof"):
        parser.add_argument(name, nargs="+", action="extend", default=[], type=argparse.FileType(encoding="utf-8"))
    args = parser.parse_args()
    if not (args.dir.is_dir() if args.dir else args.proof): parser.error("name the folder of an export, or a receipt")
    log: dict[str, Any] = {"keys": dict(collections.ChainMap(*args.vkey)), "erased": {}}
    try:
        proofs = [file.read() for file in args.proof]
        kept = [file.read() for file in args.old] + [json.loads(proof)["checkpoint"] for proof in proofs]
        log |= check_log(args.dir, log["keys"], kept) if args.dir else {}
        receipts = [check_receipt(proof, log["keys"], log["erased"]) for proof in proofs]
    except (AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        sys.exit(f"TAMPERED: {error}")
    log = log | {"erased": len(log["erased"]), "keys": [f"{'+'.join(key)}" for key in log["keys"]], "receipts": receipts}
    print(json.dumps(log, indent=1, ensure_ascii=False) + "\nNothing is wrong.")
if __name__ == "__main__": main()
