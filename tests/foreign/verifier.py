#!/usr/bin/env python3
"""A stranger's verifier: native exports and fork proofs, with a vkey, a list of vkeys or a trust file.

Written from `schemas/formats/log.md`, `native-export.md`, `fork-proof.md` and `trust-file.md` alone; shares no code
with Muniment. Section numbers are those of the documents.
usage: verifier.py [--trust VKEY|FILE] [--sources FOLDER] FILE...
prints for each file one line: valid, pending or refused, its name, and why; exits as `schemas/formats/README.md` says
(the worst of several: 1 before 3 before 0)
"""

import base64
import hashlib
import json
import os
import re
import stat
import struct
import sys
import unicodedata
import zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MOST = 1 << 53
SMALL_ORDER = {
    bytes.fromhex(y)
    for y in (
        "00" * 32,
        "01" + "00" * 31,
        "ec" + "ff" * 30 + "7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
}
SPACES = set("\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000") | {chr(c) for c in range(0x2000, 0x200B)}


class Refused(Exception):
    """Something does not hold."""


class Pending(Exception):
    """Nothing fails, and nobody trusted signed."""


def check(holds, what):
    if not holds:
        raise Refused(what)


# log.md, section 1


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text, length=None):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise Refused("base64") from error
    check(b64(data) == text, "the one spelling of base64")
    check(length is None or len(data) == length, f"base64 of {length} bytes")
    return data


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_number(value, below=MOST):
    return type(value) is int and 0 <= value < below


def pairs_once(pairs):
    check(len({name for name, _ in pairs}) == len(pairs), "a member stands once")
    return dict(pairs)


def parse_json(data):
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=pairs_once)
    except (ValueError, RecursionError) as error:
        raise Refused("JSON") from error


def spelled(data):
    """A file in compact JSON with one line feed."""
    value = parse_json(data)
    try:
        check((compact(value) + "\n").encode("utf-8") == data, "compact JSON in its one spelling")
    except UnicodeEncodeError as error:
        raise Refused("half of a surrogate pair") from error
    return value


def members(value, required, optional=()):
    """The members of an object: all required ones, and no unknown one."""
    check(isinstance(value, dict), "an object")
    check(set(required) <= set(value) <= set(required) | set(optional), "its members")
    return value


def array(value, least=0, most=None):
    check(isinstance(value, list) and len(value) >= least, "an array")
    check(most is None or len(value) <= most, "not too many")
    return value


def hashes(value):
    check(all(isinstance(one, str) for one in array(value)), "an array of hashes")
    return [unb64(one, 32) for one in value]


def a_hash(value):
    check(isinstance(value, str), "a hash")
    return unb64(value, 32)


# log.md, section 2


def node(left, right):
    return sha256(b"\x01", left, right)


class Tree:
    """A compact range."""

    def __init__(self, size=0, frontier=()):
        check(len(frontier) == bin(size).count("1"), "one hash for each 1 bit of the size")
        self.size, self.frontier = size, list(frontier)

    def push(self, leaf):
        bits = self.size
        while bits & 1:
            leaf = node(self.frontier.pop(), leaf)
            bits >>= 1
        self.frontier.append(leaf)
        self.size += 1

    def root(self):
        if not self.frontier:
            return sha256(b"")
        root = self.frontier[-1]
        for earlier in reversed(self.frontier[:-1]):
            root = node(earlier, root)
        return root


def consistent(first, second, first_root, second_root, path):
    """RFC 9162 section 2.1.4.2, with the empty proof from a size to itself."""
    if first == second:
        return first > 0 and not path and first_root == second_root
    if not 0 < first < second or not path:
        return False
    path = list(path)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
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
    return fr == first_root and sr == second_root and sn == 0


# log.md, section 3


def is_control(char):
    return unicodedata.category(char) == "Cc"


def is_origin(text):
    return isinstance(text, str) and 0 < len(text.encode("utf-8", "replace")) <= 1024 and not any(map(is_control, text))


class Checkpoint:
    def __init__(self, text):
        lines = text.split("\n")
        check(len(lines) == 4 and lines[3] == "", "a checkpoint of three lines")
        self.origin, size, root = lines[:3]
        check(is_origin(self.origin), "the origin")
        check(re.fullmatch("0|[1-9][0-9]{0,15}", size) and int(size) < MOST, "the size")
        self.size, self.root = int(size), unb64(root, 32)
        check(self.size > 0 or self.root == sha256(b""), "the root of nothing")


# log.md, sections 4 and 5


def is_key_name(name):
    return name != "" and not any(c == "+" or c in SPACES or is_control(c) for c in name)


class Key:
    def __init__(self, vkey):
        check(isinstance(vkey, str) and vkey.count("+") >= 2, "a vkey")
        self.name, key_id, typed = vkey.split("+", 2)
        typed = unb64(typed)
        check(len(typed) > 0 and is_key_name(self.name), "a vkey")
        self.kind, self.public = typed[0], typed[1:]
        check((self.kind, len(self.public)) in ((1, 32), (6, 1312)), "a key of a known type")
        self.id = sha256(self.name.encode(), b"\n", typed)[:4]
        check(self.id.hex() == key_id, "the key id")
        self.fingerprint = sha256(typed).hex()
        if self.kind == 1:
            y = self.public[:31] + bytes([self.public[31] & 0x7F])
            check(int.from_bytes(y, "little") < 2**255 - 19, "a canonical key")
            check(y not in SMALL_ORDER, "a key of large order")
        else:
            check(len(self.name.encode()) <= 255, "a name of at most 255 bytes")

    def verifies(self, message, signature):
        try:
            if self.kind == 1:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
            return True
        except (InvalidSignature, ValueError):
            return False

    def signed(self, text, signature):
        if self.kind == 1:
            return self.verifies(text.encode(), signature)
        try:
            checkpoint = Checkpoint(text)
        except Refused:
            return False
        name, origin = self.name.encode(), checkpoint.origin.encode()
        if len(signature) < 8 or signature[0] >= 0x80 or len(origin) > 255:
            return False
        message = b"subtree/v1\n\0" + bytes([len(name)]) + name + signature[:8] + bytes([len(origin)]) + origin
        message += struct.pack(">QQ", 0, checkpoint.size) + checkpoint.root
        return self.verifies(message, signature[8:])


class Note:
    def __init__(self, data):
        check(len(data) <= 65536, "a note of at most 65536 bytes")
        try:
            note = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused("UTF-8") from error
        check(not any((c < " " and c != "\n") or c == "\x7f" for c in note), "no control characters")
        at = note.rfind("\n\n")
        check(at >= 0 and note.endswith("\n") and len(note) > at + 2, "signature lines behind an empty line")
        self.text = note[: at + 1]
        self.lines = []
        for line in note[at + 2 : -1].split("\n"):
            check(line.startswith("\u2014 ") and " " in line[2:], "a signature line")
            name, signature = line[2:].split(" ", 1)
            signature = unb64(signature)
            check(is_key_name(name) and len(signature) > 4, "a signature line")
            check((name, signature[:4]) not in [(n, i) for n, i, _ in self.lines], "each key once")
            self.lines.append((name, signature[:4], signature[4:]))
        check(len(self.lines) <= 16, "at most 16 signature lines")

    def signers(self, keys):
        """The known keys that signed; a failing one refuses the note."""
        found = []
        for name, key_id, signature in self.lines:
            candidates = [key for key in keys if (key.name, key.id) == (name, key_id)]
            by = [key for key in candidates if key.signed(self.text, signature)]
            check(by or not candidates, "the signature of a known key")
            found += by[:1]
        return found


# native-export.md, section 7


def is_plain_extra(kind, data):
    return kind == 1 or (kind in (0x5455, 0x5855, 0x7875, 0x000A) and len(data) <= 36)


def widened(fields, extra, names):
    """64-bit values out of the extra field; whether there is one."""
    wide, seen = None, set()
    while extra:
        check(len(extra) >= 4, "an extra field")
        kind, length = struct.unpack("<HH", extra[:4])
        data, extra = extra[4 : 4 + length], extra[4 + length :]
        check(len(data) == length and is_plain_extra(kind, data) and kind not in seen, "an extra field")
        seen.add(kind)
        wide = data if kind == 1 else wide
    rest = wide or b""
    for name in names:
        if fields[name] == 0xFFFFFFFF:
            check(len(rest) >= 8, "a 64-bit value")
            fields[name], rest = struct.unpack("<Q", rest[:8])[0], rest[8:]
    check(not rest, "no 64-bit value more")
    return wide is not None


COMMON = ("flags", "method", "time", "date", "crc", "packed", "size")


def zip_files(data):
    """The files of a ZIP, as they are packed in it: name to (bytes, packed bytes)."""
    end = len(data) - 22
    check(end >= 0 and data[end : end + 4] == b"PK\x05\x06", "an end record at the end")
    disk, its_disk, here, count, length, start, comment = struct.unpack("<HHHHIIH", data[end + 4 :])
    check((disk, its_disk, comment) == (0, 0, 0) and here == count, "one disk, no comment")
    locator = data[end - 20 : end] if end >= 20 else b""
    behind = end
    if start == 0xFFFFFFFF or length == 0xFFFFFFFF or count == 0xFFFF:
        check(locator[:4] == b"PK\x06\x07", "a ZIP64 locator")
        disk, behind, disks = struct.unpack("<IQI", locator[4:])
        check((disk, disks) == (0, 1) and behind + 56 == end - 20, "a ZIP64 end record before it")
        record = data[behind : behind + 56]
        check(record[:4] == b"PK\x06\x06", "a ZIP64 end record")
        size, _, disk, its_disk, here, full, wide_length, wide_start = struct.unpack("<QIIIQQQQ", record[4:])
        check(size == 44 and (disk, its_disk) == (0, 0) and here == full, "a ZIP64 end record")
        for narrow, wide, most in ((start, wide_start, 0xFFFFFFFF), (length, wide_length, 0xFFFFFFFF), (count, full, 0xFFFF)):
            check(narrow in (most, wide), "both end records agree")
        start, length, count = wide_start, wide_length, full
    else:
        check(locator[:4] != b"PK\x06\x07", "no ZIP64 locator")
    check(start + length == behind and count <= 5 and length <= 1 << 20, "the directory ends where the end record begins")
    entries, at = [], start
    for _ in range(count):
        check(behind - at >= 46 and data[at : at + 4] == b"PK\x01\x02", "a central header")
        entry = dict(zip(COMMON, struct.unpack("<HHHHIII", data[at + 8 : at + 28])))
        name, extra, comment, disk, _, attributes, header = struct.unpack("<HHHHHII", data[at + 28 : at + 46])
        at += 46
        check(at + name + extra + comment <= behind and (disk, comment) == (0, 0), "a central header")
        entry.update(name=data[at : at + name], header=header)
        widened(entry, data[at + name : at + name + extra], ("size", "packed", "header"))
        at += name + extra
        check((attributes >> 16) & 0o170000 in (0, 0o100000) and not attributes & 0x18, "a plain file")
        check(not entry["flags"] & ~0x080E, "no other flags")
        entries.append(entry)
    check(at == behind, "nothing behind the directory's entries")
    files, place = {}, 0
    for entry in sorted(entries, key=lambda entry: entry["header"]):
        at = entry["header"]
        check(at == place and data[at : at + 4] == b"PK\x03\x04" and at + 30 <= start, "entries one behind the other")
        local = dict(zip(COMMON, struct.unpack("<HHHHIII", data[at + 6 : at + 26])))
        name, extra = struct.unpack("<HH", data[at + 26 : at + 30])
        body = at + 30 + name + extra
        wide = widened(local, data[at + 30 + name : body], ("size", "packed"))
        described = entry["flags"] & 8
        if described and (local["crc"], local["packed"], local["size"]) == (0, 0, 0):
            local.update({key: entry[key] for key in ("crc", "packed", "size")})
        check(data[at + 30 : at + 30 + name] == entry["name"], "both headers agree")
        check(all(local[key] == entry[key] for key in COMMON), "both headers agree")
        place = body + entry["packed"]
        check(place <= start, "entries before the directory")
        if described:
            later = [other["header"] for other in entries if other["header"] > at]
            found = data[place : min(later, default=start)]
            check(len(found) <= 24, "nothing but a data descriptor")
            found = found[4:] if found[:4] == b"PK\x07\x08" else found
            form = "<IQQ" if wide else "<III"
            check(found == struct.pack(form, entry["crc"], entry["packed"], entry["size"]), "a data descriptor")
            place = min(later, default=start)
        try:
            name = entry["name"].decode("ascii")
        except UnicodeDecodeError as error:
            raise Refused("a name of an export's file") from error
        packed = data[body : body + entry["packed"]]
        check(entry["method"] in (0, 8) and name not in files, "stored or deflated, once")
        check(entry["size"] <= (1 << 20) + 200 * entry["packed"], "the bound on unpacked size")
        if entry["method"] == 8:
            inflater = zlib.decompressobj(-15)
            try:
                plain = inflater.decompress(packed, entry["size"] + 1)
            except zlib.error as error:
                raise Refused("a deflate stream") from error
            check(inflater.eof and not inflater.unused_data, "one deflate stream")
        else:
            plain = packed
        check(len(plain) == entry["size"] and zlib.crc32(plain) == entry["crc"], "size and CRC-32")
        files[name] = plain
    check(place == start, "nothing before the directory")
    return files


# native-export.md, section 1

NAMES = {"checkpoint", "previous-checkpoint", "range.json", "records.ndjson", "records.ndjson.zst", "consistency.json"}


def export_files(path):
    if os.path.isdir(path):
        files = {}
        for entry in os.scandir(path):
            check(entry.name in NAMES, "only an export's files")
            check(stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode), "plain files")
            with open(entry.path, "rb") as file:
                files[entry.name] = file.read()
    else:
        with open(path, "rb") as file:
            files = zip_files(file.read())
        check(set(files) <= NAMES, "only an export's files")
    check({"checkpoint", "range.json"} <= set(files), "checkpoint and range.json")
    check(("records.ndjson" in files) != ("records.ndjson.zst" in files), "one file of records")
    for name, data in files.items():
        check(name.startswith("records") or len(data) <= 1 << 20, "a small file of at most 1 MiB")
    return files


# native-export.md, section 6


def unpacked(data):
    import zstandard

    check(data[:4] == b"\x28\xb5\x2f\xfd", "a zstd frame")
    try:
        header = zstandard.get_frame_parameters(data)
        check(header.window_size <= 1 << 25 and header.dict_id == 0, "a window of at most 32 MiB, no dictionary")
        decoder = zstandard.ZstdDecompressor(max_window_size=1 << 25).decompressobj()
        plain = decoder.decompress(data)
        check(decoder.eof and not decoder.unused_data, "exactly one zstd frame")
    except zstandard.ZstdError as error:
        raise Refused("a zstd frame") from error
    check(len(plain) <= (1 << 20) + 200 * len(data), "the bound on unpacked size")
    return plain


# native-export.md, section 3


def check_value(text):
    """One JSON value as the source wrote it."""

    def constant(_):
        raise Refused("a JSON value")

    def pairs(all_of_them):
        check(len({name for name, _ in all_of_them}) == len(all_of_them), "no member twice")
        return ("object", [part for pair in all_of_them for part in pair])

    check(text != "" and text[0] not in " \t\n\r" and text[-1] not in " \t\n\r", "no white space around a value")
    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_int=len, parse_float=len, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise Refused("a JSON value") from error
    todo = [(value, 0)]
    while todo:
        value, depth = todo.pop()
        if isinstance(value, str):
            check(not any("\ud800" <= c <= "\udfff" for c in value), "no half of a surrogate pair")
        parts = value[1] if isinstance(value, tuple) else value if isinstance(value, list) else None
        if parts is not None:
            check(depth < 64, "nested at most 64 deep")
            todo += [(part, depth + 1) for part in parts]


def is_pointer(path):
    return re.fullmatch("(/([^~/]|~[01])*)*", path, re.DOTALL) is not None


def check_paths(fields):
    paths = [path for path, _ in fields]
    check(all(is_pointer(path) for path in paths), "JSON Pointers")
    check(len(set(paths)) == len(paths), "no path twice")
    every = set(paths)
    for path in paths:
        at = path.rfind("/")
        while at >= 0:
            check(path[:at] not in every, "no path inside another")
            at = path.rfind("/", 0, at)
    for path, value in fields:
        if path.endswith("/*") and value.startswith("{"):
            stem, own = path[:-1], set(json.loads(value))
            for other in paths:
                if other != path and other.startswith(stem):
                    name = other[len(stem) :].split("/")[0].replace("~1", "/").replace("~0", "~")
                    check(name not in own, "one meaning for a path")


SCHEMA_ID = "[a-z0-9]+([-._/][a-z0-9]+)*"
SCHEMA = re.compile('\\{"id":"(' + SCHEMA_ID + ')","version":([1-9][0-9]{0,9})\\}')


class Record:
    def __init__(self, line, index):
        check(len(line) <= 1 << 20, "a line of at most 1 MiB")
        value = parse_json(line)
        check(isinstance(value, dict) and list(value) == ["i", "s", "f"], "the members of a record")
        try:
            check(compact(value).encode() == line, "the one spelling of a line")
        except UnicodeEncodeError as error:
            raise Refused("half of a surrogate pair") from error
        check(is_number(value["i"]) and value["i"] == index, "the index")
        check(isinstance(value["s"], str), "the seed")
        seed = unb64(value["s"], 32)
        fields = array(value["f"], least=1, most=512)
        for field in fields:
            check(isinstance(field, list) and len(field) == 2, "a path and a value text")
            check(all(isinstance(part, str) for part in field), "a path and a value text")
        schema = SCHEMA.fullmatch(fields[0][1])
        check(fields[0][0] == "@schema" and schema, "@schema")
        check(len(schema[1]) <= 128 and int(schema[3]) < 1 << 32, "@schema")
        self.schema = (schema[1], int(schema[3]))
        for _, text in fields[1:]:
            check_value(text)
        check_paths(fields[1:])
        entry = b"muniment/record/v1\n" + struct.pack(">I", len(fields))
        for k, (path, text) in enumerate(fields):
            salt = sha256(b"munsalt1", seed, struct.pack(">QI", index, k))[:16]
            check(len(path.encode()) < 1 << 16, "an entry of at most 65535 bytes")
            entry += struct.pack(">H", len(path.encode())) + path.encode() + sha256(b"munfld01", salt, text.encode())
        check(len(entry) <= 65535, "an entry of at most 65535 bytes")
        self.leaf = sha256(b"\x00", entry)


# native-export.md, section 8


def signed_checkpoint(data, keys):
    note = Note(data)
    checkpoint = Checkpoint(note.text)
    return checkpoint, note.signers(keys)


def verify_export(path, trust):
    files = export_files(path)
    origin = Checkpoint(Note(files["checkpoint"]).text).origin
    keys = trust.keys_for(origin)
    checkpoint, signers = signed_checkpoint(files["checkpoint"], keys)

    check(len(files["range.json"]) <= 65536, "range.json of at most 65536 bytes")
    spread = spelled(files["range.json"])
    check(isinstance(spread, dict), "range.json")
    check(list(spread) == ["format", "origin", "first", "last", "frontier"], "the members of range.json")
    check(spread["format"] == "muniment/export/v1", "the format")
    first, last = spread["first"], spread["last"]
    check(is_number(first) and is_number(last) and first < last, "the range")
    check(spread["origin"] == origin and checkpoint.size == last, "origin and size of the checkpoint")
    tree = Tree(first, hashes(spread["frontier"]))

    check(("previous-checkpoint" in files) == (first > 0), "previous-checkpoint exactly if first is not 0")
    before = None
    if first > 0:
        previous, before = signed_checkpoint(files["previous-checkpoint"], keys)
        check((previous.origin, previous.size) == (origin, first), "origin and size of previous-checkpoint")
        check(previous.root == tree.root(), "the root of previous-checkpoint")

    proofs = []
    if "consistency.json" in files:
        found = spelled(files["consistency.json"])
        check(isinstance(found, dict) and list(found) == ["format", "proofs"], "the members of consistency.json")
        check(found["format"] == "muniment/consistency/v1", "the format")
        proofs = array(found["proofs"], least=1, most=64)
        sizes = []
        for proof in proofs:
            check(isinstance(proof, dict), "a proof")
            check(list(proof) == ["from", "to", "from_root", "to_root", "proof"], "the members of a proof")
            check(is_number(proof["from"], 1 << 64) and is_number(proof["to"], 1 << 64), "sizes")
            check(0 < proof["from"] <= first <= proof["to"] <= last and proof["from"] < proof["to"], "sizes")
            a_hash(proof["from_root"]), a_hash(proof["to_root"]), hashes(proof["proof"])
            sizes.append((proof["from"], proof["to"]))
        check(sizes == sorted(set(sizes)), "proofs in order")

    records = files.get("records.ndjson")
    records = unpacked(files["records.ndjson.zst"]) if records is None else records
    lines = records.split(b"\n")
    check(lines.pop() == b"" and len(lines) == last - first, "one line for each index, each with its line feed")
    roots, schemas = {first: tree.root()}, set()
    for index, line in enumerate(lines, first):
        record = Record(line, index)
        schemas.add(record.schema)
        tree.push(record.leaf)
        roots[index + 1] = tree.root()
    check(tree.root() == checkpoint.root, "the signed root")

    for proof in proofs:
        to_root = a_hash(proof["to_root"])
        check(roots[proof["to"]] == to_root, "the root at which a proof ends")
        path = hashes(proof["proof"])
        check(consistent(proof["from"], proof["to"], a_hash(proof["from_root"]), to_root, path), "a consistency proof")

    policy = trust.policy(origin)
    if policy is not None:
        policy.decide(last, signers, first, before, schemas)
    elif not signers or before == []:
        raise Pending("no known key signed")


# fork-proof.md, section 3


def verify_fork(data, trust):
    check(len(data) <= 1 << 20, "a proof of at most 1 MiB")
    proof = members(parse_json(data), ["format", "origin", "size", "branches"])
    check(proof["format"] == "muniment/fork-proof/v1" and is_origin(proof["origin"]), "format and origin")
    check(is_number(proof["size"]) and proof["size"] > 0, "the size of the fork")
    keys, roots, proven = trust.keys_for(proof["origin"]), [], True
    for branch in array(proof["branches"], 2, 2):
        members(branch, ["root", "note"], ["steps"])
        check(isinstance(branch["note"], str), "a note")
        checkpoint, signers = signed_checkpoint(branch["note"].encode("utf-8", "surrogatepass"), keys)
        check(checkpoint.origin == proof["origin"], "the origin")
        size, root = proof["size"], a_hash(branch["root"])
        roots.append(root)
        for step in array(branch.get("steps", []), most=64):
            members(step, ["size", "root", "proof"])
            check(is_number(step["size"]) and step["size"] > size, "steps that lead upwards")
            reached = a_hash(step["root"])
            check(consistent(size, step["size"], root, reached, hashes(step["proof"])), "a consistency proof")
            size, root = step["size"], reached
        check((size, root) == (checkpoint.size, checkpoint.root), "the signed tree")
        proven = proven and bool(signers)
    check(roots[0] != roots[1], "roots that differ")
    if not proven:
        raise Pending("no known key signed both")


# trust-file.md


def fingerprint(text):
    check(isinstance(text, str), "a fingerprint")
    text = "".join(text.split()).lower()
    check(re.fullmatch("[0-9a-f]{64}", text), "a fingerprint")
    return text


class Policy:
    """Trust in one origin."""

    def __init__(self, value, sources):
        optional = ["requirement", "distrust", "schemas", "anchor", "heartbeat"]
        members(value, ["origin", "keys"], optional)
        check(is_origin(value["origin"]), "an origin")
        self.origin, self.sources = value["origin"], sources
        self.keys = [Key(key) for key in array(value["keys"])]
        pinned = [key.fingerprint for key in self.keys]
        check(len(set(pinned)) == len(pinned), "each key once")
        self.rules, end = [], 0
        for rule in array(value.get("requirement", [])):
            check(isinstance(rule, dict) and ("any" in rule) != ("all" in rule), "any or all")
            word = "any" if "any" in rule else "all"
            members(rule, ["from", word], ["to"])
            keys = [fingerprint(key) for key in array(rule[word], least=1)]
            check(set(keys) <= set(pinned), "pinned keys")
            start, to = rule["from"], rule.get("to")
            check(is_number(start, 1 << 64) and end is not None and start >= end, "sizes in order")
            check(to is None or (is_number(to, 1 << 64) and to > start), "sizes in order")
            end = to
            self.rules.append((start, to, any if word == "any" else all, keys))
        if not self.rules and pinned:
            quantum_safe = any(key.kind == 6 for key in self.keys)
            self.rules = [(0, None, all if quantum_safe else any, pinned)]
        self.distrusted = set()
        for entry in array(value.get("distrust", [])):
            members(entry, ["key", "from"], ["compromised"])
            key = fingerprint(entry["key"])
            check(is_number(entry["from"]) and key not in self.distrusted, "a distrusted key")
            self.distrusted.add(key)
        self.schemas = value.get("schemas")
        for schema in array(self.schemas or []):
            members(schema, ["id"], ["version", "digest"])
            check(isinstance(schema["id"], str) and re.fullmatch(SCHEMA_ID, schema["id"]), "a schema")
            version = schema.get("version", 1)
            check(is_number(version, 1 << 32) and version > 0, "a version")
            if "digest" in schema:
                schema["digest"] = fingerprint(schema["digest"])
        if "anchor" in value:
            anchor = members(value["anchor"], ["size", "root"])
            check(is_number(anchor["size"]) and anchor["size"] > 0, "an anchor")
            a_hash(anchor["root"])
        check(is_number(value.get("heartbeat", 1), 31622401) and value.get("heartbeat", 1) > 0, "a cadence")

    def judge(self, size, signers):
        """Section 3, steps 2 to 6: whether the note is strong."""
        if not signers:
            raise Pending("no pinned key signed")
        rule = [rule for rule in self.rules if rule[0] <= size and (rule[1] is None or size < rule[1])]
        if not rule:
            raise Pending("no requirement covers the size")
        _, _, enough, keys = rule[0]
        signed = {key.fingerprint for key in signers}
        if enough(key in signed - self.distrusted for key in keys):
            return True
        check(enough(key in signed for key in keys), "the requirement")
        return False

    def decide(self, last, signers, first, before, schemas):
        strong = self.judge(last, signers)
        if before is not None:
            self.judge(first, before)
        for schema in schemas:
            check(self.allows(*schema), "a source file that the origin may use")
        if not strong:
            raise Pending("it rests on a distrusted key")

    def allows(self, name, version):
        if self.schemas is None or name == "muniment-key":
            return True
        for allowed in self.schemas:
            if allowed["id"] == name and allowed.get("version", version) == version:
                if "digest" not in allowed or self.sources.get((name, version)) == allowed["digest"]:
                    return True
        return False


class Trust:
    """What the reader said."""

    def __init__(self, given, sources):
        self.loose, self.policies = [], []
        if given is None:
            return
        if not os.path.exists(given):
            self.loose = [Key(given)]
            return
        with open(given, "rb") as file:
            data = file.read()
        if data.strip()[:1] == b"{":
            trust = parse_json(data)
            if trust.get("format") == "muniment/trust/v1":
                members(trust, ["format", "origins"])
                self.policies = [Policy(origin, sources) for origin in array(trust["origins"])]
            else:
                members(trust, ["format"], ["signers", "workspaces", "require", "sources"])
                check(trust["format"] == "muniment/packet-trust/2", "a trust file")
                self.policies = [Policy(origin, sources) for origin in array(trust.get("sources", []))]
            names = [policy.origin for policy in self.policies]
            check(len(set(names)) == len(names), "each origin once")
        else:
            lines = (line.strip() for line in data.decode().splitlines())
            self.loose = [Key(line) for line in lines if line and not line.startswith("#")]

    def policy(self, origin):
        return next((policy for policy in self.policies if policy.origin == origin), None)

    def keys_for(self, origin):
        policy = self.policy(origin)
        loose = [key for key in self.loose if key.name == origin or key.kind == 6]
        return loose + (policy.keys if policy else [])


def source_digests(folder):
    """SHA-256 of source files by id and version."""
    digests = {}
    for name in os.listdir(folder) if folder else []:
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
        block = json.loads(data)["x-source"]
        digests[(block["id"], block["version"])] = hashlib.sha256(data).hexdigest()
    return digests


def verify(path, trust):
    if not os.path.isdir(path):
        with open(path, "rb") as file:
            start = file.read(256)
            if start.lstrip()[:1] == b"{" and b"muniment/fork-proof/" in start:
                file.seek(0)
                return verify_fork(file.read(), trust)
    return verify_export(path, trust)


def main(arguments):
    given = sources = None
    while arguments and arguments[0] in ("--trust", "--sources"):
        option, value, *arguments = arguments
        given, sources = (value, sources) if option == "--trust" else (given, value)
    try:
        trust = Trust(given, source_digests(sources))
    except Refused as error:
        print(f"not a trust file: {error}", file=sys.stderr)
        return 2
    codes = set()
    for path in arguments:
        try:
            verify(path, trust)
            code, word, why = 0, "valid", ""
        except Refused as error:
            code, word, why = 1, "refused", f": {error}"
        except Pending as error:
            code, word, why = 3, "pending", f": {error}"
        except OSError as error:
            code, word, why = 2, "unread", f": {error}"
        codes.add(code)
        print(f"{word} {path}{why}")
    return next((code for code in (2, 1, 3) if code in codes), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
