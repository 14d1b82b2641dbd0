#!/usr/bin/env python3
"""A stranger's exporter: what a source system would have to write to adopt `muniment/export/v1`.

Written from `schemas/formats/log.md`, `native-export.md` and `source-file.md` alone; shares no code with Muniment, and
with `verifier.py` only the primitives of `log.md`.
usage: exporter.py key ORIGIN KEY.json [--seed HEX]                      a new log; prints its vkey
       exporter.py export KEY.json SOURCE.json RECORDS.ndjson OUT [...]   the next export of the log; prints its root
  --form folder|stored|deflated   a folder (as without it) or a ZIP
  --zstd                          the records as one zstd frame
  --prove SIZE,...                consistency proofs from these sizes
  --propose NEW.json [--as-well]  a last record proposes this key; it signs what follows
  --random HEX                    seeds follow from this, for examples only: whoever knows it opens every field
A line of RECORDS.ndjson is a JSON object as the source wrote it, cut into the fields that the source file declares; or
an array of [path, value text], which is taken as it is.
"""

import argparse
import base64
import json
import os
import struct
import sys
import zipfile
from json.decoder import scanstring

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from verifier import Checkpoint, Key, Tree, b64, check, compact, sha256

UNDECLARED = "*"


class Log:
    """A log with its key, as a file remembers it."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as file:
            self.state = json.load(file)
        self.private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.state["seed"]))
        self.origin = self.state["origin"]
        self.leaves = [base64.b64decode(leaf) for leaf in self.state["leaves"]]

    @staticmethod
    def create(path, origin, seed):
        state = {"origin": origin, "seed": seed.hex(), "leaves": [], "head": [0, ""], "note": None, "next": None}
        with open(path, "x", encoding="utf-8") as file:
            json.dump(state, file)
        return Log(path)

    def vkey(self):
        typed = b"\x01" + self.private.public_key().public_bytes_raw()
        key_id = sha256(self.origin.encode(), b"\n", typed)[:4]
        vkey = f"{self.origin}+{key_id.hex()}+{b64(typed)}"
        check(Key(vkey).id == key_id, "an origin that can name a key")
        return vkey

    def remember(self, **changes):
        """Durable before anybody sees a signature of it."""
        self.state.update(changes, leaves=[b64(leaf) for leaf in self.leaves])
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)

    def tree(self):
        tree = Tree()
        for leaf in self.leaves:
            tree.push(leaf)
        return tree

    def sign(self, root):
        """native-export.md section 4: grows from what was signed last, and from nothing else."""
        size, earlier = self.state["head"]
        signed = Tree()
        for leaf in self.leaves[:size]:
            signed.push(leaf)
        check(size == 0 or b64(signed.root()) == earlier, "the log that was signed before")
        check(len(self.leaves) > size, "a log that grows")
        text = f"{self.origin}\n{len(self.leaves)}\n{b64(root)}\n"
        Checkpoint(text)
        self.remember(head=[len(self.leaves), b64(root)])
        key = Key(self.vkey())
        note = f"{text}\n\u2014 {self.origin} {b64(key.id + self.private.sign(text.encode()))}\n"
        self.remember(note=note)
        return note


# log.md, section 2 (RFC 6962 section 2.1.2)


def root_of(leaves):
    tree = Tree()
    for leaf in leaves:
        tree.push(leaf)
    return tree.root()


def subproof(size, leaves, whole):
    if size == len(leaves):
        return [] if whole else [root_of(leaves)]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if size <= k:
        return subproof(size, leaves[:k], whole) + [root_of(leaves[k:])]
    return subproof(size - k, leaves[k:], False) + [root_of(leaves[:k])]


# native-export.md, section 3


def token(name):
    return name.replace("~", "~0").replace("/", "~1")


def object_members(text, at):
    """The members of the object at a place, each (name, as written, start and end of its value); and its end."""
    decoder, found = json.JSONDecoder(), []

    def space(at):
        while text[at] in " \t\n\r":
            at += 1
        return at

    at = space(at + 1)
    while text[at] != "}":
        name, end = scanstring(text, at + 1)
        written = text[at:end]
        start = space(space(end) + 1)
        _, end = decoder.raw_decode(text, start)
        found.append((name, written, start, end))
        at = space(end)
        at = space(at + 1) if text[at] == "," else at
    return found, at + 1


def fields_of(text, start, declared, path=""):
    """What the source file declares, each at its path; what it does not, together."""
    fields, rest = [], []
    found, _ = object_members(text, start)
    for name, written, begin, end in found:
        below = declared.get("properties", {}).get(name)
        if below is None:
            rest.append(f"{written}:{text[begin:end]}")
        elif "properties" in below and text[begin] == "{":
            fields += fields_of(text, begin, below, f"{path}/{token(name)}")
        else:
            fields.append([f"{path}/{token(name)}", text[begin:end]])
    if not found:
        fields.append([path, "{}"])
    if rest:
        fields.append([f"{path}/{UNDECLARED}", "{" + ",".join(rest) + "}"])
    return fields


def record(index, seed, fields):
    """The line and the leaf."""
    line = compact({"i": index, "s": b64(seed), "f": fields}) + "\n"
    entry = b"muniment/record/v1\n" + struct.pack(">I", len(fields))
    for k, (path, value) in enumerate(fields):
        salt = sha256(b"munsalt1", seed, struct.pack(">QI", index, k))[:16]
        entry += struct.pack(">H", len(path.encode())) + path.encode() + sha256(b"munfld01", salt, value.encode())
    return line.encode(), sha256(b"\x00", entry)


# native-export.md, section 9


def proposal(log, new, index, replaces):
    replaced = bytes.fromhex(Key(log.vkey()).fingerprint) if replaces else bytes(32)
    origin, vkey = log.origin.encode(), new.vkey().encode()
    message = b"muniment/key/v1\n\0" + struct.pack(">Q", len(origin)) + origin
    message += struct.pack(">Q", len(vkey)) + vkey + struct.pack(">Q", index) + replaced
    values = {
        "type": "key.proposed",
        "id": f"00000000-0000-4000-8000-{index:012}",
        "time": "2026-11-02T03:15:00Z",
        "format": "muniment/key/v1",
        "key": new.vkey(),
        "replaces": replaced.hex(),
        "proof": b64(new.private.sign(message)),
    }
    if not replaces:
        del values["replaces"]
    fields = [[f"/{name}", compact(value)] for name, value in values.items()]
    return [["@schema", '{"id":"muniment-key","version":1}'], *fields]


def export(given):
    log = Log(given.key)
    check(log.state["next"] is None, f"the key that signs this log; it goes on with {log.state['next']}")
    with open(given.source, encoding="utf-8") as file:
        source = json.load(file)
    named = source["x-source"]
    schema = ["@schema", compact({"id": named["id"], "version": named["version"]})]
    first, before, previous = len(log.leaves), log.tree(), log.state["note"]

    def seed():
        if given.random is None:
            return os.urandom(32)
        return sha256(bytes.fromhex(given.random), struct.pack(">Q", len(log.leaves)))

    lines = []

    def add(fields):
        line, leaf = record(len(log.leaves), seed(), fields)
        lines.append(line)
        log.leaves.append(leaf)

    with open(given.records, encoding="utf-8") as file:
        # Not `splitlines`, which takes other characters for line ends too.
        for text in file.read().split("\n"):
            text = text.strip(" \t\r")
            if text.startswith("["):
                add([schema, *json.loads(text)])
            elif text:
                add([schema, *fields_of(text, 0, source)])
    new = Log(given.propose) if given.propose else None
    if new:
        check((new.origin, new.state["head"][0]) == (log.origin, 0), "a new key of the same origin")
        add(proposal(log, new, len(log.leaves), not given.as_well))

    tree = log.tree()
    range_json = {
        "format": "muniment/export/v1",
        "origin": log.origin,
        "first": first,
        "last": tree.size,
        "frontier": [b64(one) for one in before.frontier],
    }
    files = {"range.json": (compact(range_json) + "\n").encode()}
    records = b"".join(lines)
    if given.zstd:
        import zstandard

        files["records.ndjson.zst"] = zstandard.ZstdCompressor(write_checksum=True).compress(records)
    else:
        files["records.ndjson"] = records
    if previous:
        files["previous-checkpoint"] = previous.encode()
    sizes = sorted({int(size) for size in given.prove.split(",")}) if given.prove else []
    if sizes:
        check(0 < sizes[0] and sizes[-1] <= first, "sizes before this export")
        proofs = [
            {
                "from": size,
                "to": tree.size,
                "from_root": b64(root_of(log.leaves[:size])),
                "to_root": b64(tree.root()),
                "proof": [b64(one) for one in subproof(size, log.leaves, True)],
            }
            for size in sizes
        ]
        consistency = compact({"format": "muniment/consistency/v1", "proofs": proofs}) + "\n"
        files["consistency.json"] = consistency.encode()
    if new:
        new.leaves = list(log.leaves)
        log.state["next"] = Key(new.vkey()).fingerprint
    files["checkpoint"] = log.sign(tree.root()).encode()
    if new:
        new.remember(head=log.state["head"], note=log.state["note"])

    if given.form == "folder":
        os.mkdir(given.out)
        for name, data in files.items():
            with open(os.path.join(given.out, name), "xb") as file:
                file.write(data)
    else:
        method = zipfile.ZIP_STORED if given.form == "stored" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(given.out, "x", method) as out:
            for name, data in sorted(files.items()):
                out.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
    print(b64(tree.root()))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    commands = parser.add_subparsers(required=True)
    key = commands.add_parser("key")
    key.add_argument("origin")
    key.add_argument("key")
    key.add_argument("--seed", type=bytes.fromhex, default=None)
    key.set_defaults(run=lambda given: print(Log.create(given.key, given.origin, given.seed or os.urandom(32)).vkey()))
    one = commands.add_parser("export")
    for name in ("key", "source", "records", "out"):
        one.add_argument(name)
    one.add_argument("--form", choices=("folder", "stored", "deflated"), default="folder")
    one.add_argument("--zstd", action="store_true")
    one.add_argument("--as-well", action="store_true")
    for name in ("--prove", "--propose", "--random"):
        one.add_argument(name)
    one.set_defaults(run=export)
    given = parser.parse_args()
    given.run(given)


if __name__ == "__main__":
    sys.exit(main())
