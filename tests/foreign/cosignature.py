#!/usr/bin/env python3
"""A stranger's ML-DSA-44 cosignatures of checkpoints.

Written from C2SP signed-note, tlog-checkpoint and tlog-cosignature alone; shares no code with Muniment.
usage: cosignature.py verify EXPORT.zip VKEY     exit 1 unless the key cosigned the checkpoint
       cosignature.py sign IN.zip OUT.zip NAME   replaces every signature by one of its own; prints its vkey
"""

import base64
import hashlib
import struct
import sys
import zipfile

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey


def check(holds, what):
    """Not `assert`, which an interpreter may be told to skip."""
    if not holds:
        raise ValueError(f"does not hold: {what}")


def key_id(name, public):
    return hashlib.sha256(name.encode() + b"\n\x06" + public).digest()[:4]


def message(name, timestamp, text):
    """The structure cosigned_message of a checkpoint."""
    origin, size, root = text.split("\n")[:3]
    out = b"subtree/v1\n\0" + bytes([len(name.encode())]) + name.encode() + struct.pack(">Q", timestamp)
    out += bytes([len(origin.encode())]) + origin.encode() + struct.pack(">QQ", 0, int(size))
    return out + base64.b64decode(root, validate=True)


def verify(path, vkey):
    name, identifier, typed = vkey.split("+", 2)
    typed = base64.b64decode(typed, validate=True)
    check(typed[0] == 6, "the key cosigns with ML-DSA-44")
    check(key_id(name, typed[1:]).hex() == identifier, "the key id")
    with zipfile.ZipFile(path) as export:
        text, signatures = export.read("checkpoint").decode().split("\n\n", 1)
    for line in signatures.splitlines():
        dash, signer, signature = line.split(" ")
        signature = base64.b64decode(signature, validate=True)
        if dash == "\u2014" and signer == name and signature[:4].hex() == identifier:
            (timestamp,) = struct.unpack(">Q", signature[4:12])
            key = MLDSA44PublicKey.from_public_bytes(typed[1:])
            key.verify(signature[12:], message(name, timestamp, text))
            print(timestamp)
            return
    raise ValueError("does not hold: a cosignature by this key")


def sign(path, target, name):
    key = MLDSA44PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.namelist():
            data = old.read(entry)
            if entry == "checkpoint":
                text = data.decode().split("\n\n", 1)[0]
                timestamp = 1700000000
                signature = key_id(name, public) + struct.pack(">Q", timestamp)
                signature += key.sign(message(name, timestamp, text))
                line = f"\u2014 {name} {base64.b64encode(signature).decode()}"
                data = f"{text}\n\n{line}\n".encode()
            new.writestr(entry, data)
    print(f"{name}+{key_id(name, public).hex()}+{base64.b64encode(bytes([6]) + public).decode()}")


if __name__ == "__main__":
    {"verify": verify, "sign": sign}[sys.argv[1]](*sys.argv[2:])
