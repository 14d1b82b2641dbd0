#!/usr/bin/env python3
"""A stranger's check of a native export: tree root and signature.

Written from `signed-export.md` alone; shares no code with Muniment.
usage: export.py EXPORT.zip VKEY        prints the root in base64; exit 1 if anything disagrees
"""

import base64
import hashlib
import io
import json
import struct
import sys
import zipfile

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle import InmemoryTree


def check(holds, what):
    """Not `assert`, which an interpreter may be told to skip."""
    if not holds:
        raise ValueError(f"does not hold: {what}")


def entry(record):
    """The committed bytes of one record: paths in sight, values behind salted commitments."""
    seed = base64.b64decode(record["s"], validate=True)
    out = b"muniment/record/v1\n" + struct.pack(">I", len(record["f"]))
    for i, (path, value) in enumerate(record["f"]):
        salt = hashlib.sha256(b"munsalt1" + seed + struct.pack(">QI", record["i"], i)).digest()[:16]
        commitment = hashlib.sha256(b"munfld01" + salt + value.encode()).digest()
        out += struct.pack(">H", len(path.encode())) + path.encode() + commitment
    return out


def verify_note(note, vkey):
    """C2SP signed note with one Ed25519 key; gives the text lines."""
    name, key_id, key = vkey.split("+", 2)
    key = base64.b64decode(key, validate=True)
    check(key[0] == 1, "the key is an Ed25519 key")
    check(hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() == key_id, "the key id")
    text, signatures = note.split("\n\n", 1)
    for line in signatures.splitlines():
        dash, signer, signature = line.split(" ")
        signature = base64.b64decode(signature, validate=True)
        if dash == "\u2014" and signer == name and signature[:4].hex() == key_id:
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], (text + "\n").encode())
            return text.split("\n")
    raise ValueError("does not hold: a signature by this key")


def main(path, vkey):
    with zipfile.ZipFile(path) as export:
        names = set(export.namelist())
        note = export.read("checkpoint").decode()
        spread = json.loads(export.read("range.json"))
        if "records.ndjson" in names:
            lines = export.read("records.ndjson")
        else:
            packed = io.BytesIO(export.read("records.ndjson.zst"))
            lines = zstandard.ZstdDecompressor().stream_reader(packed).read()
    origin, size, root = verify_note(note, vkey)[:3]
    check(spread["origin"] == origin, "one origin")
    check(spread["first"] == 0 and spread["last"] == int(size), "the range from 0 to the signed size")
    tree = InmemoryTree(algorithm="sha256")
    count = 0
    for line in lines.splitlines():
        record = json.loads(line)
        check(record["i"] == count, "indices are contiguous")
        tree.append_entry(entry(record))
        count += 1
    check(count == int(size), "as many records as the checkpoint says")
    check(tree.get_root() == base64.b64decode(root, validate=True), "the signed root")
    print(root)


if __name__ == "__main__":
    main(*sys.argv[1:])
