"""AWS's own validator (awscli, `aws cloudtrail validate-logs`) on a copied trail, offline.

usage: cloudtrail.py FOLDER KEYS.json

The tool asks S3 and CloudTrail; both are played here from the files. A digest's object metadata are
what the copies still have: the next digest's previousDigestSignature, or a saved head-object answer.
Prints how many digests and log files the tool calls valid and invalid, as JSON.
"""

import gzip
import io
import json
import pathlib
import sys

from awscli.customizations.cloudtrail.validation import CloudTrailValidateLogs, parse_date
from botocore.exceptions import ClientError

folder, keys = pathlib.Path(sys.argv[1]), json.loads(pathlib.Path(sys.argv[2]).read_text())

objects = {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*.json.gz"))}
signatures = {}
for key, path in objects.items():
    if "CloudTrail-Digest" in key:
        digest = json.loads(gzip.decompress(path.read_bytes()))
        if digest["previousDigestS3Object"]:
            signatures[digest["previousDigestS3Object"]] = digest["previousDigestSignature"]
for path in folder.rglob("*.head-object.json"):
    key = path.relative_to(folder).as_posix().removesuffix(".head-object.json")
    signatures[key] = json.loads(path.read_text())["Metadata"]["signature"]


class Pages:
    def __init__(self, prefix):
        self.prefix = prefix

    def search(self, _):
        return [key for key in sorted(objects) if key.startswith(self.prefix)]


class S3:
    def get_client(self, _):
        return self

    def get_paginator(self, _):
        return self

    def paginate(self, Bucket, Marker, Prefix=""):
        return Pages(Prefix)

    def get_object(self, Bucket, Key):
        if Key not in objects:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        metadata = {"signature-algorithm": "SHA256withRSA"}
        if Key in signatures:
            metadata["signature"] = signatures[Key]
        return {"Body": io.BytesIO(objects[Key].read_bytes()), "Metadata": metadata}


class Keys:
    def list_public_keys(self, **_):
        return keys


tool = CloudTrailValidateLogs(None)
tool.trail_arn = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/platform-trail"
tool.start_time = parse_date("2026-10-28T00:00:00Z")
tool.end_time = parse_date("2026-10-28T14:00:00Z")
tool.s3_bucket, tool.s3_prefix = "audit.example", None
tool.account_id = None
tool._source_region = "eu-central-1"
tool.s3_client_provider, tool.cloudtrail_client, tool.organization_client = S3(), Keys(), None
out, sys.stdout = sys.stdout, io.StringIO()
tool._call()
sys.stdout = out
print(
    json.dumps(
        {
            "digests": [tool._valid_digests, tool._invalid_digests],
            "logs": [tool._valid_logs, tool._invalid_logs],
        }
    )
)
