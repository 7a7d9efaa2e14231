"""Where in S3 the objects of a flow log lie: bucket, folders of account, Region and day, and names that begin alike.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-path.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from diagnosis.evidence.engine_choice import Reading

_HOUR = 3600


def bucket_and_folder(destination: str) -> tuple[str, str]:
    """The bucket and the prefix of `arn:aws:s3:::bucket/prefix/`; the prefix ends with a slash or is empty."""
    place = destination.rpartition(":::")[2] if destination.startswith("arn:") else destination.removeprefix("s3://")
    bucket, _, folder = place.partition("/")
    folder = folder.strip("/")
    return bucket, f"{folder}/" if folder else ""


def account_folder(reading: Reading, folder: str, account: str) -> str:
    """The prefix under which the days of one account and Region lie."""
    if reading.logs[0].hive:
        place = f"aws-account-id={account}/aws-service=vpcflowlogs/aws-region={reading.region}"
    else:
        place = f"{account}/vpcflowlogs/{reading.region}"
    return f"{folder}AWSLogs/{place}/"


def prefixes(reading: Reading, folder: str, start: int, end: int) -> Iterator[str]:
    """The prefixes of keys of every hour from start to end: within the folder of a day by the names of the objects."""
    for account in reading.accounts:
        days = account_folder(reading, folder, account)
        for hour in range(start - start % _HOUR, end + 1, _HOUR):
            when = datetime.fromtimestamp(hour, UTC)
            day = f"year={when:%Y}/month={when:%m}/day={when:%d}/" if reading.logs[0].hive else f"{when:%Y/%m/%d}/"
            if reading.logs[0].hourly:
                day += f"hour={when:%H}/" if reading.logs[0].hive else f"{when:%H}/"
            for log in reading.logs:
                yield f"{days}{day}{account}_vpcflowlogs_{reading.region}_{log.id}_{when:%Y%m%dT%H}"
