"""The calls that read flow logs where AWS keeps them, with the IAM action that each needs.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "s3.list_objects_v2": "s3:ListBucket",
        "s3.get_object": "s3:GetObject",
        "s3.get_bucket_request_payment": "s3:GetBucketRequestPayment",
        "kms.decrypt": "kms:Decrypt",
        "logs.start_query": "logs:StartQuery",
        "logs.get_query_results": "logs:GetQueryResults",
        "logs.stop_query": "logs:StopQuery",
        "athena.start_query_execution": "athena:StartQueryExecution",
        "athena.get_query_execution": "athena:GetQueryExecution",
        "athena.get_query_results": "athena:GetQueryResults",
        "athena.stop_query_execution": "athena:StopQueryExecution",
        "athena.get_work_group": "athena:GetWorkGroup",
        "glue.get_databases": "glue:GetDatabases",
        "glue.get_tables": "glue:GetTables",
        # What Athena does with the credentials of whoever asks it.
        "glue.get_database": "glue:GetDatabase",
        "glue.get_table": "glue:GetTable",
        "glue.get_partitions": "glue:GetPartitions",
        "s3.get_bucket_location": "s3:GetBucketLocation",
        "s3.put_object": "s3:PutObject",
    }
)
"""By `<boto3 client>.<method>`. `s3:PutObject` is for the results that Athena writes; restrict it to that place."""
