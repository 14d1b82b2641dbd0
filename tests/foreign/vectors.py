#!/usr/bin/env python3
"""Writes the vectors of `schemas/formats/vectors` that follow from fixed seeds: all but the packet.

With the stranger's exporter, from the documents: a test compares what comes out with what is committed, and checks
Muniment's own verifier against each expectation.
usage: vectors.py FOLDER
"""

import base64
import contextlib
import io
import json
import os
import struct
import sys
import tempfile
import warnings
import zipfile

import exporter
from exporter import Log, record, root_of, subproof
from verifier import Key, Tree, b64, compact, node, sha256

ORIGIN = "log.example/key"
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "../../schemas/sources/enigm-key.json")
SCHEMA = ["@schema", '{"id":"enigm-key","version":1}']


def source_records(first, last):
    """Records as a source would write them, with what is easy to get wrong."""
    shapes = [
        '{"type":"key.activated","id":"%s","time":"%s","outcome":"accepted",'
        '"subject":{"key":"EK-1","account":"alice@example.com"},"key":{"counter":1}}',
        '{"type":"dependency.checked", "id":"%s", "time":"%s", "outcome":"accepted", "subject":{"key":"EK-1"},'
        '"dependency":{"kind":"account","latency-ms":12345678901234567890},"x":{"of nobody":[1.0e2,-0,"\\u00e9\\/"]}}',
        '{"type":"heartbeat","id":"%s","time":"%s","outcome":"accepted","note":"tab\\t \U0001F511 \\"quoted\\""}',
    ]
    for index in range(first, last):
        identifier = f"00000000-0000-4000-8000-{index:012}"
        yield shapes[index % 3] % (identifier, f"2026-11-02T03:{index:02}:00Z")


def note_of(private, name, text):
    public = private.public_key().public_bytes_raw()
    key_id = sha256(name.encode(), b"\n\x01", public)[:4]
    return f"{text}\n{signature_line(name, key_id, private.sign(text.encode()))}\n"


def signature_line(name, key_id, signature):
    return f"\u2014 {name} {b64(key_id + signature)}"


class Writer:
    """Puts files, and makes exports with the exporter's own command line."""

    def __init__(self, folder):
        self.folder = folder
        self.work = tempfile.mkdtemp()

    def put(self, name, data):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if isinstance(data, bytes) else data.encode())

    def put_json(self, name, value):
        """Indented; of cases, one a line."""
        if isinstance(value, list):
            rows = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in value)
            return self.put(name, f"[\n{rows}\n]\n")
        return self.put(name, json.dumps(value, ensure_ascii=False, indent=2) + "\n")

    def run(self, *arguments):
        before, sys.argv = sys.argv, ["exporter.py", *arguments]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exporter.main()
        sys.argv = before
        return said.getvalue().strip()

    def export(self, key, first, last, out, *more):
        records = os.path.join(self.work, "records.ndjson")
        with open(records, "w", encoding="utf-8", newline="") as file:
            file.writelines(line + "\n" for line in source_records(first, last))
        path = os.path.join(self.folder, out)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        self.run("export", key, SOURCE, records, path, "--random", "6d756e69", *more)

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()


def exports(writer):
    """The good ones: [0, 2), [4, 6) with a proof over the gap, a ZIP of each method, the next key's."""
    key, new = (os.path.join(writer.work, name) for name in ("key.json", "new.json"))
    vkey = writer.run("key", ORIGIN, key, "--seed", "07" * 32)
    new_vkey = writer.run("key", ORIGIN, new, "--seed", "08" * 32)
    writer.export(key, 0, 2, "native-export/first")
    writer.export(key, 2, 4, "native-export/between.zip", "--form", "stored", "--zstd")
    writer.export(key, 4, 6, "native-export/second", "--prove", "1,2,4")
    writer.export(key, 6, 8, "native-export/third.zip", "--form", "deflated", "--propose", new)
    writer.export(new, 9, 11, "native-export/fourth.zip", "--form", "stored", "--prove", "8")
    writer.put("keys.txt", f"# The log's key, and the one that it proposes in record 8.\n{vkey}\n{new_vkey}\n")
    return Log(key), Log(new)


def values(writer, log):
    record_0 = json.loads(writer.read("native-export/first/records.ndjson").split(b"\n")[0])
    seed, fields = base64.b64decode(record_0["s"]), record_0["f"]
    salt = sha256(b"munsalt1", seed, struct.pack(">QI", 0, 1))[:16]
    entry = b"muniment/record/v1\n" + struct.pack(">I", len(fields))
    for k, (path, value) in enumerate(fields):
        its_salt = sha256(b"munsalt1", seed, struct.pack(">QI", 0, k))[:16]
        entry += struct.pack(">H", len(path)) + path.encode() + sha256(b"munfld01", its_salt, value.encode())
    key = Key(log.vkey())
    writer.put_json(
        "log/values.json",
        {
            "vkey": log.vkey(),
            "fingerprint": key.fingerprint,
            "seed_0": seed.hex(),
            "salt_0_1": salt.hex(),
            "commitment_0_1": sha256(b"munfld01", salt, fields[1][1].encode()).hex(),
            "entry_0": entry.hex(),
            "leaf_0": log.leaves[0].hex(),
            "leaf_1": log.leaves[1].hex(),
            "root_2": node(log.leaves[0], log.leaves[1]).hex(),
        },
    )


def trees(writer):
    leaves = [sha256(b"\x00", bytes([k])) for k in range(9)]
    rows = []
    for size in range(len(leaves) + 1):
        tree = Tree()
        for leaf in leaves[:size]:
            tree.push(leaf)
        proofs = {str(old): [b64(one) for one in subproof(old, leaves[:size], True)] for old in range(1, size)}
        frontier = [b64(one) for one in tree.frontier]
        rows.append({"size": size, "root": b64(tree.root()), "frontier": frontier, "consistency": proofs})
    writer.put_json("log/trees.json", {"entries": "one byte each: 00, 01, …", "trees": rows})


def texts(writer):
    """Base64, vkeys and notes."""
    log, other = (Log(os.path.join(writer.work, name)) for name in ("key.json", "new.json"))
    key = Key(log.vkey())
    typed = b"\x01" + key.public

    def vkey(name=ORIGIN, typed=typed, key_id=None):
        key_id = key_id or sha256(name.encode(), b"\n", typed)[:4].hex()
        return f"{name}+{key_id}+{b64(typed)}"

    p = 2**255 - 19
    writer.put_json(
        "log/keys.json",
        [
            {"vkey": vkey(), "good": True, "why": "the key of the examples"},
            {"vkey": vkey("a-witness.example/1"), "good": True, "why": "any name without white space and plus sign"},
            {"vkey": vkey(key_id="00000000"), "good": False, "code": "key-text", "why": "another key id"},
            {"vkey": vkey().replace(key.id.hex(), key.id.hex().upper()), "good": False, "code": "key-text", "why": "the key id has small letters"},
            {"vkey": vkey("a b"), "good": False, "code": "key-name", "why": "a name with a space"},
            {"vkey": vkey("a\u2003b"), "good": False, "code": "key-name", "why": "a name with another white space"},
            {"vkey": vkey(typed=typed[:-1]), "good": False, "code": "key-text", "why": "31 bytes"},
            {"vkey": vkey(typed=b"\x04" + key.public), "good": False, "code": "key-type", "why": "another type"},
            {"vkey": vkey()[:-1] + "=", "good": False, "code": "key-text", "why": "base64 that is cut"},
            {"vkey": vkey(typed=b"\x01" + (p + 2).to_bytes(32, "little")), "good": False, "code": "key-not-canonical", "why": "y is not below 2^255 - 19"},
            {"vkey": vkey(typed=b"\x01\x01" + bytes(31)), "good": False, "code": "key-small-order", "why": "the neutral point"},
            {"vkey": vkey(typed=b"\x01\x01" + bytes(30) + b"\x80"), "good": False, "code": "key-small-order", "why": "the neutral point with a sign"},
        ],
    )
    writer.put_json(
        "log/base64.json",
        [
            {"text": "", "hex": ""},
            {"text": "Zg==", "hex": "66"},
            {"text": "Zm8=", "hex": "666f"},
            {"text": "+/+/", "hex": "fbffbf"},
            {"text": "Zh==", "hex": None, "why": "bits that encode nothing are not zero"},
            {"text": "Zg", "hex": None, "why": "no padding"},
            {"text": "Zg==Zg==", "hex": None, "why": "padding inside"},
            {"text": "Zg=", "hex": None, "why": "too little padding"},
            {"text": "-_-_", "hex": None, "why": "the URL alphabet"},
            {"text": "Zm9v\n", "hex": None, "why": "a line end"},
        ],
    )
    good = log.state["note"]
    text, line = good.split("\n\n")
    text, line = text + "\n", line.rstrip("\n")
    root = text.split("\n")[2]
    stranger = note_of(other.private, "witness.example/w", text).split("\n\n")[1].rstrip("\n")
    broken = signature_line(ORIGIN, key.id, bytes(64))

    def resigned(text):
        return note_of(log.private, ORIGIN, text)

    cases = [
        ("good", good, "signed", None, "by the log's key alone"),
        ("cosigned", f"{text}\n{line}\n{stranger}\n", "signed", None, "a line of a key that is not known is ignored"),
        ("stranger first", f"{text}\n{stranger}\n{line}\n", "signed", None, "in any order"),
        ("stranger only", f"{text}\n{stranger}\n", "pending", None, "no known key signed"),
        ("known key fails", f"{text}\n{broken}\n", "refused", "bad-signature", "a failing signature of a known key refuses the note"),
        ("unknown id fails", f"{text}\n{signature_line(ORIGIN, bytes(4), bytes(64))}\n", "pending", None, "an unknown key id is an unknown key"),
        ("no signature", text + "\n", "refused", "note-no-signatures", "at least one line"),
        ("no empty line", f"{text}{line}\n", "refused", "note-no-signatures", "an empty line stands between"),
        ("no final LF", good[:-1], "refused", "note-no-signatures", "the last line has its LF"),
        ("CRLF", good.replace("\n", "\r\n"), "refused", "note-control-character", "lines end with LF alone"),
        ("hyphen", good.replace("\u2014", "-"), "refused", "note-signature-line", "a line begins with an em dash, U+2014"),
        ("two spaces", good.replace(f"{ORIGIN} ", f"{ORIGIN}  "), "refused", "note-signature-line", "single spaces"),
        ("base64 bits", f"{text}\n{line[:-2]}{chr(ord(line[-2]) + 1)}=\n", "refused", "note-signature-line", "base64 in its one spelling"),
        ("key twice", f"{text}\n{line}\n{line}\n", "refused", "note-repeated-key", "one line for each key"),
        ("17 lines", f"{text}\n{line}\n" + "".join(f"\u2014 w{k} {b64(bytes(5))}\n" for k in range(16)), "refused", "note-too-many-signatures", "at most 16 lines"),
        ("extension", resigned(text + "more\n"), "refused", "checkpoint-extension", "three lines, no more"),
        ("two lines", resigned(f"{ORIGIN}\n11\n"), "refused", "checkpoint-lines", "three lines, no fewer"),
        ("leading zero", resigned(f"{ORIGIN}\n011\n{root}\n"), "refused", "checkpoint-size", "a number without leading zeros"),
        ("plus", resigned(f"{ORIGIN}\n+11\n{root}\n"), "refused", "checkpoint-size", "a number without sign"),
        ("too large", resigned(f"{ORIGIN}\n9007199254740992\n{root}\n"), "refused", "checkpoint-size", "sizes are below 2^53"),
        ("no origin", resigned(f"\n11\n{root}\n"), "refused", "checkpoint-origin", "an origin is not empty"),
        ("root in hex", resigned(f"{ORIGIN}\n11\n{base64.b64decode(root).hex()}\n"), "refused", "checkpoint-root", "the root is base64"),
        ("root of nothing", resigned(f"{ORIGIN}\n0\n{root}\n"), "refused", "checkpoint-root", "size 0 has the empty root"),
    ]
    names = ("name", "note", "expect", "code", "why")
    cases = [{k: v for k, v in zip(names, case) if v is not None} for case in cases]
    writer.put_json("log/notes.json", cases)


def lines(writer):
    """Single records: a line, and its leaf or the rule that it breaks."""
    seed = sha256(b"a seed with + or / in its base64")

    def made(fields, index=7):
        line, leaf = record(index, seed, fields)
        return line.decode()[:-1], b64(leaf)

    ordinary = [SCHEMA, ["/type", '"heartbeat"'], ["/note", '"\\"quoted\\"\\/ \u00e9 \U0001F511 \x7f"'], ["/n", "1.0e2"]]
    good = [
        ("ordinary", ordinary, "escapes are undone once for the value text, whose own stay"),
        ("whole", [SCHEMA, ["", '{"a":1}']], "the record as one field"),
        ("schema only", [SCHEMA], "a record of one field"),
        ("control", [SCHEMA, ["/a\x01\x1f\b\t\n\f\r\x0b", "1"]], "the escapes of compact JSON, of every kind"),
        ("tokens", [SCHEMA, ["/a~1b/~0", "1"], ["/", "2"], ["/ab", "3"], ["/a", "4"]], "paths that only look nested"),
        ("white space inside", [SCHEMA, ["/a", '{ "b" :\n[1 ,\t2] }']], "white space inside a value is the source's"),
        ("numbers", [SCHEMA, ["/a", "-0"], ["/b", "123456789012345678901234567890"], ["/c", "1E-7"]], "numbers keep their text"),
        ("surrogates", [SCHEMA, ["/a", '"\\ud83d\\udd11"']], "a pair of escapes is one character"),
        ("64 deep", [SCHEMA, ["/a", "[" * 64 + "]" * 64]], "the deepest"),
        ("together", [SCHEMA, ["/a/b", "1"], ["/a/*", '{"c":1}']], "members that nobody declared"),
        ("together, no object", [SCHEMA, ["/a", "1"], ["/*", "[1]"]], "only members of an object could have two meanings"),
        ("long id", [["@schema", '{"id":"a-b.c_d/e","version":4294967295}']], "the longest version"),
    ]
    bad = [
        ("no schema", [["/a", "1"]], "schema-missing", "field 0 is @schema"),
        ("schema later", [["/a", "1"], SCHEMA], "schema-missing", "field 0 is @schema"),
        ("schema twice", [SCHEMA, SCHEMA], "path", "no other field is @schema"),
        ("schema order", [["@schema", '{"version":1,"id":"a"}']], "schema-value", "id before version"),
        ("schema space", [["@schema", '{"id":"a", "version":1}']], "schema-value", "no white space in @schema"),
        ("schema string", [["@schema", '"enigm-key"']], "schema-value", "@schema is an object"),
        ("version 0", [["@schema", '{"id":"a","version":0}']], "schema-value", "versions begin at 1"),
        ("version text", [["@schema", '{"id":"a","version":"1"}']], "schema-value", "the version is a number"),
        ("capital id", [["@schema", '{"id":"A","version":1}']], "schema-value", "ids have small letters"),
        ("id ends in a separator", [["@schema", '{"id":"a-","version":1}']], "schema-value", "separators stand between"),
        ("no pointer", [SCHEMA, ["a", "1"]], "path", "a path begins with a slash"),
        ("bad tilde", [SCHEMA, ["/a~2", "1"]], "path", "~ stands in ~0 and ~1 only"),
        ("path twice", [SCHEMA, ["/a", "1"], ["/a", "2"]], "path-repeated", "each path once"),
        ("nested", [SCHEMA, ["/a", "{}"], ["/a/b", "2"]], "path-nested", "no path inside another"),
        ("nested in all", [SCHEMA, ["", "{}"], ["/b", "2"]], "path-nested", "all paths lie in the empty one"),
        ("two meanings", [SCHEMA, ["/a/b", "1"], ["/a/*", '{"b":2}']], "path-twice", "a member and a field of one name"),
        ("two meanings below", [SCHEMA, ["/b~1/c", "1"], ["/*", '{"b/":2}']], "path-twice", "names are compared unescaped"),
        ("two values", [SCHEMA, ["/a", "1 2"]], "value-json", "one value"),
        ("space around", [SCHEMA, ["/a", " 1"]], "value-json", "no white space around a value"),
        ("bare word", [SCHEMA, ["/a", "accepted"]], "value-json", "a string keeps its quotes"),
        ("empty value", [SCHEMA, ["/a", ""]], "value-json", "a value is not empty"),
        ("NaN", [SCHEMA, ["/a", "NaN"]], "value-json", "NaN is no JSON"),
        ("number 01", [SCHEMA, ["/a", "01"]], "value-json", "JSON numbers have no leading zero"),
        ("key twice", [SCHEMA, ["/a", '{"b":1,"\\u0062":2}']], "value-duplicate-key", "names are compared unescaped"),
        ("lone surrogate", [SCHEMA, ["/a", '"\\ud83d"']], "value-lone-surrogate", "half of a pair"),
        ("65 deep", [SCHEMA, ["/a", "[" * 65 + "]" * 65]], "value-too-deep", "too deep"),
        ("513 fields", [SCHEMA] + [[f"/{k}", "1"] for k in range(512)], "too-many-fields", "at most 512 fields"),
    ]
    line, leaf = made(ordinary)
    spelled = [
        ("space", ("{", "{ "), "line-spelling", "no white space"),
        ("space at the end", ("]]}", "]]} "), "line-spelling", "no white space"),
        ("CR", ("]]}", "]]}\r"), "line-spelling", "lines end with LF alone"),
        ("byte order mark", ("{", "\ufeff{"), "line-spelling", "nothing before the line"),
        ("other order", ('{"i":7,', "{"), "line-spelling", "i, s, f"),
        ("more members", ("]]}", ']],"x":1}'), "line-spelling", "no other members"),
        ("escaped slash", ('"/type"', '"\\/type"'), "line-spelling", "/ is not escaped"),
        ("escaped letter", ('"/type"', '"/\\u0074ype"'), "line-spelling", "a letter is not escaped"),
        ("escaped beyond ASCII", ("\u00e9", "\\u00e9"), "line-spelling", "characters beyond ASCII stand as they are"),
        ("escaped DEL", ("\x7f", "\\u007f"), "line-spelling", "U+007F is not escaped"),
        ("index 07", ('"i":7', '"i":07'), "line-spelling", "no leading zero"),
        ("index 7.0", ('"i":7', '"i":7.0'), "line-spelling", "no fraction"),
        ("index as text", ('"i":7', '"i":"7"'), "line-spelling", "the index is a number"),
        ("another index", ('"i":7', '"i":8'), "line-index", "the index is that of its place"),
        ("index too large", ('"i":7', '"i":9007199254740992'), "index-too-large", "below 2^53"),
        ("seed without padding", (b64(seed), b64(seed).rstrip("=")), "seed", "base64 with its padding"),
        ("seed in URL letters", (b64(seed), b64(seed).replace("/", "_").replace("+", "-")), "seed", "the standard alphabet"),
        ("seed of 31 bytes", (b64(seed), b64(seed[:31])), "seed", "32 bytes"),
        ("value not a string", ('"1.0e2"', "1.0e2"), "line-spelling", "a value text is a string"),
    ]
    rows = [{"name": name, "index": 7, "line": made(f)[0], "leaf": made(f)[1], "why": why} for name, f, why in good]
    rows += [{"name": name, "index": 7, "line": made(f)[0], "code": code, "why": why} for name, f, code, why in bad]
    for name, (old, new), code, why in spelled:
        assert old in line and line.replace(old, new, 1) != line, name
        rows.append({"name": name, "index": 7, "line": line.replace(old, new, 1), "code": code, "why": why})
    writer.put_json("native-export/records.json", rows)


def bad_exports(writer, log):
    """Exports that differ from a good one in the files named; where that needs it they are signed anew."""
    names = ["checkpoint", "previous-checkpoint", "range.json", "records.ndjson", "consistency.json"]
    base = {name: writer.read(f"native-export/second/{name}").decode() for name in names}
    first = {name: writer.read(f"native-export/first/{name}").decode() for name in ("checkpoint", "range.json", "records.ndjson")}
    rows = []

    def case(name, code, why, put, expect="refused"):
        row = {"name": name, "base": "second", "put": put, "expect": expect, "code": code, "why": why}
        rows.append({key: value for key, value in row.items() if value is not None})

    def edited(file, *pairs):
        text = base[file]
        for old, new in pairs:
            assert old in text, (file, old)
            text = text.replace(old, new, 1)
        return {file: text}

    spread = json.loads(base["range.json"])
    proofs = json.loads(base["consistency.json"])
    records = base["records.ndjson"]
    one, two = records.splitlines(keepends=True)

    def ranged(**changes):
        return {"range.json": compact({**spread, **changes}) + "\n"}

    def proven(*all_of_them):
        return {"consistency.json": compact({**proofs, "proofs": list(all_of_them)}) + "\n"}

    def resigned(text):
        return note_of(log.private, ORIGIN, text)

    case("range without LF", "range-spelling", "one LF at the end", edited("range.json", ("\n", "")))
    case("range with CRLF", "range-spelling", "one LF at the end, no CR", edited("range.json", ("\n", "\r\n")))
    case("range indented", "range-spelling", "compact JSON", {"range.json": json.dumps(spread, indent=2) + "\n"})
    case("range in another order", "range-spelling", "format, origin, first, last, frontier", {"range.json": compact(dict(sorted(spread.items()))) + "\n"})
    case("range with more", "range-spelling", "no other members", ranged(note="x"))
    case("range of another format", "range-spelling", "muniment/export/v1", ranged(format="muniment/export/v2"))
    case("range with a fraction", "range-spelling", "plain numbers", edited("range.json", ('"first":4', '"first":4.0')))
    case("range with escapes", "range-spelling", "/ is not escaped", edited("range.json", (ORIGIN, ORIGIN.replace("/", "\\/"))))
    case("empty range", "range", "first is below last", ranged(first=6))
    case("other origin in range", "origin", "one origin in all files", ranged(origin="log.example/other"))
    case("last is another", "size", "the size of the checkpoint is last", ranged(last=7))
    case("frontier too long", "frontier", "one hash for each 1 bit of first", ranged(frontier=spread["frontier"] * 2))
    case("another frontier", "previous-root", "the frontier leads to the previous root", ranged(frontier=[b64(bytes(32))]))
    case("no previous", "previous-missing", "previous-checkpoint is there where first is not 0", {"previous-checkpoint": None})
    case("previous of another size", "previous-size", "its size is first", {"previous-checkpoint": first["checkpoint"]})
    case("lines with CRLF", "line-spelling", "each line ends with LF alone", {"records.ndjson": records.replace("\n", "\r\n")})
    case("no final LF", "final-line-feed", "the last line too", {"records.ndjson": records[:-1]})
    case("a line too few", "too-few-records", "one line for each index", {"records.ndjson": one})
    case("a line too many", "too-many-records", "nothing behind the last one", {"records.ndjson": records + "\n"})
    case("lines swapped", "line-index", "in the order of the log", {"records.ndjson": two + one})
    case("a value changed", "root", "the records lead to the signed root", edited("records.ndjson", ("heartbeat", "heartbeaT")) if "heartbeat" in records else edited("records.ndjson", ("accepted", "refused!")))
    case("no LF in consistency", "consistency-spelling", "one LF at the end", edited("consistency.json", ("\n", "")))
    case("no proofs", "consistency-spelling", "1 to 64 proofs, or no file", proven())
    case("proofs out of order", "consistency-sizes", "ordered by from and to", proven(*reversed(proofs["proofs"])))
    case("proof twice", "consistency-sizes", "each pair of sizes once", proven(*proofs["proofs"][:1] * 2))
    case("proof from inside", "consistency-sizes", "from is at most first", proven({**proofs["proofs"][2], "from": 5}))
    case("proof cut", "consistency-proof", "as many hashes as the sizes need", proven({**proofs["proofs"][0], "proof": proofs["proofs"][0]["proof"][:-1]}))
    case("proof to another root", "consistency-proof", "to_root is the root at to", proven({**proofs["proofs"][0], "to_root": b64(bytes(32))}))
    case("proof from another root", "consistency-proof", "from_root is the root at from", proven({**proofs["proofs"][0], "from_root": b64(bytes(32))}))
    text = base["checkpoint"].split("\n\n")[0] + "\n"
    case("changed after signing", "bad-signature", "a failing signature of a known key", edited("checkpoint", ("\n6\n", "\n7\n")))
    case("another root signed", "root", "the records lead to the signed root", {"checkpoint": resigned(f"{ORIGIN}\n6\n{b64(bytes(32))}\n")})
    case("both record files", "two-record-files", "one of the two", {"records.ndjson.zst": ""})
    case("no range", "missing-file", "range.json is always there", {"range.json": None})
    case("a file more", "unexpected-file", "no other files", {"README": "x"})
    case("a name in capitals", "case-collision", "names as they are given", {"checkpoint": None, "CHECKPOINT": base["checkpoint"]})
    stranger = Log(os.path.join(writer.work, "new.json"))
    case("signed by another key", None, "no known key signed it", {"checkpoint": note_of(stranger.private, ORIGIN, text)}, "pending")
    case("previous by another key", None, "no known key signed previous-checkpoint", {"previous-checkpoint": note_of(stranger.private, ORIGIN, base["previous-checkpoint"].split("\n\n")[0] + "\n")}, "pending")
    case("no proofs, no file", None, "consistency.json is optional", {"consistency.json": None}, "valid")
    writer.put_json("native-export/bad.json", rows)


def zips(writer):
    """Archives of one small export, whole and wrong."""
    log = Log(os.path.join(writer.work, "key.json"))
    line, leaf = record(0, sha256(b"a small export"), [SCHEMA])
    spread = {"format": "muniment/export/v1", "origin": ORIGIN, "first": 0, "last": 1, "frontier": []}
    files = {
        "checkpoint": note_of(log.private, ORIGIN, f"{ORIGIN}\n1\n{b64(leaf)}\n"),
        "range.json": compact(spread) + "\n",
        "records.ndjson": line.decode(),
    }
    files = {name: text.encode() for name, text in files.items()}
    rows = []

    def packed(method=zipfile.ZIP_STORED, each=lambda info: None, more=(), comment=b""):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, data in [*files.items(), *more]:
                info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                info.compress_type = method
                each(info)
                archive.writestr(info, data)
            archive.comment = comment
        return out.getvalue()

    def case(name, data, code, why, expect="refused"):
        row = {"name": name, "zip": b64(data), "expect": expect, "code": code, "why": why}
        rows.append({key: value for key, value in row.items() if value is not None})

    def link(info):
        info.external_attr = 0o120777 << 16

    def extra(info):
        info.extra = struct.pack("<HH", 0x7075, 5) + bytes(5)

    def dated(info):
        info.date_time = (2026, 11, 2, 3, 0, 0)

    good = packed()
    case("stored", good, None, "as Python writes it", "valid")
    case("deflated", packed(zipfile.ZIP_DEFLATED), None, "as Python writes it", "valid")
    case("dated", packed(each=dated), None, "times are free", "valid")
    case("comment", packed(comment=b"x"), "zip", "no comment")
    case("bytes before", b"x" + good, "zip", "entries begin at byte 0; offsets count from there")
    case("bytes behind", good + b"x", "zip", "the end record is the last of the file")
    case("link", packed(each=link), "not-a-file", "plain files")
    case("extra field", packed(each=extra), "zip-header", "a field that could rename an entry")
    case("a folder", packed(more=[("docs/", b"")]), "not-a-file", "no folders")
    case("in a folder", packed(more=[("docs/checkpoint", b"x")]), "unexpected-file", "names without folders")
    case("climbing", packed(more=[("../checkpoint", b"x")]), "unsafe-name", "names without folders")


    warnings.simplefilter("ignore")
    case("name twice", packed(more=[("checkpoint", b"x")]), "duplicate-name", "each name once")
    case("lzma", packed(zipfile.ZIP_LZMA), "zip-method", "stored or deflated")
    at = good.index(b"log.example")
    case("content changed", good[:at] + b"L" + good[at + 1 :], "corrupt", "the CRC-32 holds")
    case("local header", good[:14] + b"\0\0\0\0" + good[18:], "zip-header-mismatch", "both headers say the same")
    case("encrypted", good[:6] + b"\x01" + good[7:], "zip-header-mismatch", "both headers say the same")
    writer.put_json("native-export/zips.json", rows)


def forks(writer, log):
    """A log that shares the first record with the examples' and was signed at 3 by the same key."""
    other = [log.leaves[0]] + [sha256(b"\x00", bytes([k])) for k in (1, 2)]
    note = note_of(log.private, ORIGIN, f"{ORIGIN}\n3\n{b64(root_of(other))}\n")
    step = {"size": 3, "root": b64(root_of(other)), "proof": [b64(one) for one in subproof(2, other, True)]}
    good = {
        "format": "muniment/fork-proof/v1",
        "origin": ORIGIN,
        "size": 2,
        "branches": [
            {"root": b64(root_of(log.leaves[:2])), "note": writer.read("native-export/first/checkpoint").decode()},
            {"root": b64(root_of(other[:2])), "steps": [step], "note": note},
        ],
    }
    writer.put_json("fork-proof/good.json", good)
    rows = []

    def case(name, code, why, change, expect="refused"):
        proof = json.loads(json.dumps(good))
        change(proof, *proof["branches"])
        row = {"name": name, "proof": proof, "expect": expect, "code": code, "why": why}
        rows.append({key: value for key, value in row.items() if value is not None})

    def same(proof, one, two):
        proof["branches"] = [two, two]

    def strange(proof, one, two):
        two["note"] = note_of(Log(os.path.join(writer.work, "new.json")).private, ORIGIN, two["note"].split("\n\n")[0] + "\n")

    def spelled_otherwise(proof, one, two):
        one["steps"] = []

    case("empty steps", None, "the spelling of the JSON is free", spelled_otherwise, "valid")
    case("one branch twice", "fork-proof-same-root", "roots that differ", same)
    case("another size", "fork-proof-end", "what is reached is what the note signs", lambda proof, one, two: proof.update(size=1))
    case("size 0", "fork-proof-head", "a size from 1 on", lambda proof, one, two: proof.update(size=0))
    case("no steps", "fork-proof-end", "steps lead to the signed tree", lambda proof, one, two: two.pop("steps"))
    case("step cut", "consistency-proof", "as many hashes as the sizes need", lambda proof, one, two: two["steps"][0]["proof"].pop())
    case("step down", "fork-proof-steps", "steps lead upwards", lambda proof, one, two: two["steps"].append(two["steps"][0]))
    case("other origin", "origin", "notes of the origin", lambda proof, one, two: proof.update(origin="log.example/other"))
    case("unknown member", "fork-proof-format", "no other members", lambda proof, one, two: proof.update(note="x"))
    case("other format", "fork-proof-format", "muniment/fork-proof/v1", lambda proof, one, two: proof.update(format="muniment/fork-proof/v2"))
    case("three branches", "fork-proof-format", "two branches", lambda proof, one, two: proof["branches"].append(two))
    case("changed note", "bad-signature", "a failing signature of a known key", lambda proof, one, two: one.update(note=one["note"].replace("\n2\n", "\n1\n", 1)))
    case("by another key", None, "no known key signed the second one", strange, "pending")
    writer.put_json("fork-proof/bad.json", rows)


def trusts(writer, log, new):
    """Trust files, and what they make of the second and the fourth export."""
    old_key, new_key = (Key(one.vkey()).fingerprint for one in (log, new))
    with open(SOURCE, "rb") as file:
        digest = sha256(file.read()).hex()

    def trust(requirement=(), keys=(log, new), **more):
        origin = {"origin": ORIGIN, "keys": [key.vkey() for key in keys]}
        if requirement:
            origin["requirement"] = list(requirement)
        return {"format": "muniment/trust/v1", "origins": [{**origin, **more}]}

    rotated = [{"from": 0, "to": 10, "any": [old_key]}, {"from": 10, "any": [new_key]}]
    schema = {"id": "enigm-key", "version": 1, "digest": digest}
    writer.put_json("trust/any.json", trust(rotated, schemas=[schema]))
    rows = []

    def case(name, value, why, **expect):
        rows.append({"name": name, "trust": value, "expect": expect, "why": why})

    unread = {"second": "unread", "fourth": "unread"}
    case("rotated", trust(rotated), "the new key for sizes above 9", second="valid", fourth="valid")
    case("old key only", trust(keys=[log]), "the checkpoint at 9 is by the old key, the one at 11 is not", second="valid", fourth="pending")
    case("new key only", trust(keys=[new]), "neither checkpoint of second; of fourth only the last", second="pending", fourth="pending")
    case("any of both", trust(), "without a requirement any Ed25519 key will do", second="valid", fourth="valid")
    case("all of both", trust([{"from": 0, "all": [old_key, new_key]}]), "one of the two signed", second="refused", fourth="refused")
    case("wrong key required", trust([{"from": 0, "any": [new_key]}]), "pinned, and not enough", second="refused", fourth="refused")
    case("not covered", trust([{"from": 0, "to": 6, "any": [old_key]}]), "no requirement for the size 6", second="pending", fourth="pending")
    case("distrusted", trust(distrust=[{"key": old_key, "from": 9}]), "a distrusted key does not count by itself; the tree that grows from it is signed by another", second="pending", fourth="valid")
    case("schema", trust(schemas=[{"id": "enigm-key"}]), "the one that the records name", second="valid", fourth="valid")
    case("schema of this digest", trust(schemas=[schema]), "and these very bytes of the source file", second="valid", fourth="valid")
    case("other digest", trust(schemas=[{**schema, "digest": "00" * 32}]), "another source file under its name", second="refused", fourth="refused")
    case("other version", trust(schemas=[{"id": "enigm-key", "version": 2}]), "another version", second="refused", fourth="refused")
    case("other origin", {"format": "muniment/trust/v1", "origins": []}, "nothing is said of it", second="pending", fourth="pending")
    case("no keys", trust(keys=[]), "nothing is pinned", second="pending", fourth="pending")
    case("any and all", trust([{"from": 0, "any": [old_key], "all": [old_key, new_key]}]), "exactly one of any and all", **unread)
    case("neither", trust([{"from": 0}]), "exactly one of any and all", **unread)
    case("unknown member", trust([{"from": 0, "until": 5, "any": [old_key]}]), "a requirement that says more than is understood", **unread)
    case("of nobody", trust([{"from": 0, "all": []}]), "at least one key", **unread)
    case("not pinned", trust([{"from": 0, "any": ["00" * 32]}]), "keys that are pinned", **unread)
    case("overlap", trust([{"from": 0, "any": [old_key]}, {"from": 9, "any": [new_key]}]), "nothing follows an open requirement", **unread)
    case("key twice", trust(keys=[log, log]), "each key once", **unread)
    case("other format", {"format": "muniment/trust/v2", "origins": []}, "muniment/trust/v1", **unread)
    case("heartbeat 0", trust(heartbeat=0), "1 to 31622400 seconds", **unread)
    writer.put_json("trust/cases.json", rows)


def main(folder):
    writer = Writer(folder)
    log, new = exports(writer)
    values(writer, log)
    trees(writer)
    texts(writer)
    lines(writer)
    bad_exports(writer, log)
    zips(writer)
    forks(writer, log)
    trusts(writer, log, new)


if __name__ == "__main__":
    main(*sys.argv[1:])
