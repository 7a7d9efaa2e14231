"""Why a query of Athena failed or was cancelled, as a sentence that says who must act."""

from __future__ import annotations

from diagnosis.evidence.engine_choice import Reading
from diagnosis.evidence.records import shown
from diagnosis.sources import NotPermitted, SourceUnavailable

_LONGEST = 200


def why_failed(state: str, reason: str, reading: Reading) -> SourceUnavailable:
    """The error of a query that ended as FAILED or CANCELLED, by AWS's own reason.

    Source: https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
    """
    low, said = reason.lower(), shown(reason, _LONGEST)
    if "bytes scanned limit" in low:
        return SourceUnavailable(
            "The workgroup's own limit on bytes scanned stopped the query: ask for a shorter time (--since), or an "
            "account administrator raises the limit of the workgroup."
        )
    if state == "CANCELLED":
        return SourceUnavailable(f"The query to Athena was cancelled by somebody else ({said}): ask again.")
    if "lake formation" in low or "lakeformation" in low:
        return NotPermitted(
            f"Lake Formation does not let Athena read the table ({said}): a data lake administrator must grant SELECT.",
            action="lakeformation:GetDataAccess",
        )
    if "kms" in low:
        return NotPermitted(
            f"Athena may not decrypt the flow logs ({said}): an administrator of the KMS key must grant kms:Decrypt.",
            action="kms:Decrypt",
        )
    if "access denied" in low or "accessdenied" in low or "not authorized" in low:
        action = "s3:PutObject" if "write" in low or "output" in low else "s3:GetObject"
        return NotPermitted(
            f"Athena may not do it for you ({said}): an account administrator must grant {action}.", action=action
        )
    if any(each in low for each in ("table_not_found", "schema_not_found", "does not exist", "column_not_found")):
        return SourceUnavailable(
            f"Athena does not find what the Glue catalog named ({said}): the table of {reading.destination} was "
            "changed or removed; an account administrator must create it anew (docs/flow-logs.md)."
        )
    if "exhausted resources" in low or "slow down" in low or "throttl" in low or "timeout" in low:
        return SourceUnavailable(
            f"Athena was too busy ({said}): ask again in a minute, or for a shorter time (--since)."
        )
    if "hive_cursor_error" in low or "hive_bad_data" in low or "hive_cannot_open_split" in low:
        return SourceUnavailable(
            f"An object of the flow logs cannot be read ({said}): an account administrator must move it away; a "
            "shorter time (--since) may leave it out."
        )
    return SourceUnavailable(f"The query to Athena failed ({said}): ask again.")
