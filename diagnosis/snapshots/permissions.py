"""The IAM policy that permits every read call of the table, and nothing else.

`python -m diagnosis.snapshots.permissions > docs/iam-read-policy.json` writes the document; a test holds the two
together. (sts:GetCallerIdentity, which names the account, needs no permission.)
"""

from __future__ import annotations

import json
import sys
from typing import Any

from diagnosis.snapshots.kinds import KINDS


def iam_policy() -> dict[str, Any]:
    """The policy document, in AWS's policy language (version 2012-10-17). Describe calls know no resources."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "WhynotReads",
                "Effect": "Allow",
                "Action": sorted({kind.action for kind in KINDS.values()}),
                "Resource": "*",
            }
        ],
    }


def policy_text() -> str:
    """The document as it stands in the file."""
    return json.dumps(iam_policy(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(policy_text())
