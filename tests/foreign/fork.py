#!/usr/bin/env python3
"""A stranger's check of a fork proof: did the holder of this key sign two histories?

Written from the description of `muniment/fork-proof/v1` and RFC 9162 section 2.1.4.2; shares no code with Muniment.
usage: fork.py PROOF.json VKEY        prints the size and the two roots; exit 1 if it proves nothing
"""

import base64
import hashlib
import json
import sys

from export import check, verify_note


def node(left, right):
    """An inner node of the tree of RFC 6962."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def consistent(first, second, first_hash, second_hash, path):
    """RFC 9162, 2.1.4.2: whether the tree of `first` leaves is a prefix of that of `second`."""
    if not 0 < first < second or not path:
        return False
    path = list(path)
    if first & (first - 1) == 0:
        path.insert(0, first_hash)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == first_hash and sr == second_hash and sn == 0


def main(path, vkey):
    with open(path, encoding="utf-8") as file:
        proof = json.load(file)
    check(proof["format"] == "muniment/fork-proof/v1", "the format")
    check(len(proof["branches"]) == 2, "two branches")
    roots = []
    for branch in proof["branches"]:
        size, root = proof["size"], base64.b64decode(branch["root"], validate=True)
        roots.append(root)
        for step in branch.get("steps", []):
            reached = base64.b64decode(step["root"], validate=True)
            hashes = [base64.b64decode(h, validate=True) for h in step["proof"]]
            check(consistent(size, step["size"], root, reached, hashes), "a consistency proof")
            size, root = step["size"], reached
        origin, signed_size, signed_root, *_ = verify_note(branch["note"], vkey)
        check(origin == proof["origin"], "the origin")
        check(int(signed_size) == size, "the signed size")
        check(base64.b64decode(signed_root, validate=True) == root, "the signed root")
    check(roots[0] != roots[1], "the roots differ")
    print(proof["size"], *(base64.b64encode(root).decode() for root in roots))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # whatever is wrong, it proves nothing
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
