"""The calls that read flow logs where AWS keeps them, with the IAM action that each needs.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Mapping

from diagnosis.aws.listed_call import ListedCall, actions_of

_S3 = ("diagnosis/flowlogs/s3.py",)
_INSIGHTS = ("diagnosis/flowlogs/insights.py",)
_ATHENA = ("diagnosis/flowlogs/athena.py",)

CALLS: tuple[ListedCall, ...] = (
    ListedCall(
        "s3.list_objects_v2", "s3:ListBucket", _S3, "finds the objects of the hours that are asked about", "paid"
    ),
    ListedCall("s3.get_object", "s3:GetObject", _S3, "reads the objects", "paid"),
    ListedCall(
        "s3.get_bucket_request_payment",
        "s3:GetBucketRequestPayment",
        _S3,
        "tells, where a bucket refuses, whether whoever reads has to pay",
    ),
    ListedCall("kms.decrypt", "kms:Decrypt", (), "S3 decrypts objects that a key of the account encrypts"),
    ListedCall("logs.start_query", "logs:StartQuery", _INSIGHTS, "asks CloudWatch Logs Insights", "paid"),
    ListedCall("logs.get_query_results", "logs:GetQueryResults", _INSIGHTS, "reads its answer"),
    ListedCall(
        "logs.stop_query", "logs:StopQuery", _INSIGHTS, "ends a query that is too large or takes too long", "own"
    ),
    ListedCall("athena.start_query_execution", "athena:StartQueryExecution", _ATHENA, "asks Athena", "paid"),
    ListedCall("athena.get_query_execution", "athena:GetQueryExecution", _ATHENA, "waits for the answer"),
    ListedCall("athena.get_query_results", "athena:GetQueryResults", _ATHENA, "reads the answer"),
    ListedCall(
        "athena.stop_query_execution",
        "athena:StopQueryExecution",
        _ATHENA,
        "ends a query that is too large or takes too long",
        "own",
    ),
    ListedCall("athena.get_work_group", "athena:GetWorkGroup", (), "Athena reads the settings of the workgroup"),
    ListedCall("glue.get_databases", "glue:GetDatabases", _ATHENA, "looks for a table over the flow log"),
    ListedCall("glue.get_tables", "glue:GetTables", _ATHENA, "looks for a table over the flow log"),
    # What Athena does with the credentials of whoever asks it.
    ListedCall("glue.get_database", "glue:GetDatabase", (), "Athena reads the catalog"),
    ListedCall("glue.get_table", "glue:GetTable", (), "Athena reads the catalog"),
    ListedCall("glue.get_partitions", "glue:GetPartitions", (), "Athena reads the catalog"),
    ListedCall("s3.get_bucket_location", "s3:GetBucketLocation", (), "Athena looks where its results go"),
    ListedCall("s3.put_object", "s3:PutObject", (), "Athena writes its results, to that place alone", "own"),
)

ACTIONS: Mapping[str, str] = actions_of(CALLS)
"""By `<boto3 client>.<method>`. `s3:PutObject` is for the results that Athena writes; restrict it to that place."""
