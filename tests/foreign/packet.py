#!/usr/bin/env python3
"""A stranger's check of one redacted record of a packet, up to the source's signature.

Written from `signed-export.md` and `packet.md` alone; shares no code with Muniment.
usage: packet.py PACKET.zip EVIDENCE_ID VKEY...   prints what was disclosed; exit 1 if anything disagrees
"""

import base64
import hashlib
import json
import struct
import sys
import zipfile

from export import check, verify_note


def leaf_of(record):
    """Folds disclosed fields (salt, value) and withheld ones (commitment) to the leaf hash."""
    out = b"muniment/record/v1\n" + struct.pack(">I", len(record["fields"]))
    for field in record["fields"]:
        path = field["path"].encode()
        if "commitment" in field:
            commitment = base64.b64decode(field["commitment"], validate=True)
        else:
            salt = base64.b64decode(field["salt"], validate=True)
            commitment = hashlib.sha256(b"munfld01" + salt + field["value"].encode()).digest()
        out += struct.pack(">H", len(path)) + path + commitment
    return hashlib.sha256(b"\x00" + out).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(first, frontier, leaves):
    """RFC 6962 root of a tree whose [0, first) is known only by its compact range."""
    stack = []  # (size, hash) of perfect subtrees, largest first
    bits = [1 << b for b in reversed(range(64)) if first >> b & 1]
    check(len(bits) == len(frontier), "one hash for each bit of the size")
    stack.extend(zip(bits, frontier))
    for leaf in leaves:
        size, value = 1, leaf
        while stack and stack[-1][0] == size:
            value = node(stack.pop()[1], value)
            size *= 2
        stack.append((size, value))
    value = stack.pop()[1]
    while stack:
        value = node(stack.pop()[1], value)
    return value


def main(path, evidence, *vkeys):
    with zipfile.ZipFile(path) as packet:
        about = json.loads(packet.read("data/packet.json"))
        item = next(e for e in about["evidence"] if e["id"] == evidence)
        record = json.loads(packet.read(f"data/evidence/{evidence}/record.json"))["record"]
        origin = hashlib.sha256(item["origin"].encode()).hexdigest()
        place = f"data/proofs/{origin}/{item['first']}-{item['last']}/"
        note = packet.read(place + "checkpoint").decode()
        spread = json.loads(packet.read(place + "range.json"))
        raw = packet.read(place + "leaves")
    leaves = [raw[i : i + 32] for i in range(0, len(raw), 32)]
    by_name = {vkey.split("+", 1)[0]: vkey for vkey in vkeys}
    signed_origin, size, root = verify_note(note, by_name[item["origin"]])[:3]
    check(signed_origin == item["origin"] == spread["origin"], "one origin")
    check(int(size) == spread["last"], "the range ends at the signed size")
    check(len(leaves) == spread["last"] - spread["first"], "one leaf for each record of the range")
    frontier = [base64.b64decode(h, validate=True) for h in spread["frontier"]]
    computed = root_of(spread["first"], frontier, leaves)
    check(computed == base64.b64decode(root, validate=True), "the signed root")
    check(spread["first"] <= record["index"] < spread["last"], "the record is in the range")
    check(leaf_of(record) == leaves[record["index"] - spread["first"]], "the record is that leaf")
    shown = {f["path"]: f["value"] for f in record["fields"] if "value" in f}
    print(json.dumps({"disclosed": len(shown), "of": len(record["fields"]), "index": record["index"]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
