"""The refused packets in flow-log files as columns: DuckDB groups the records, and only distinct tuples leave it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from diagnosis.evidence.query import FlowLogQuery, Window
from diagnosis.evidence.recorded import Recorded
from diagnosis.flowlogs.files import ENGINE, FlowLogFiles, connected
from diagnosis.flowlogs.layout import pruned
from diagnosis.flowlogs.rejects import HotReading

_ADDRESSES = """CREATE TEMP TABLE places AS
SELECT address, ROW_NUMBER() OVER () - 1 AS place FROM (SELECT DISTINCT UNNEST([src, dst]) AS address FROM refused
  WHERE records > 0 AND src IS NOT NULL AND dst IS NOT NULL)"""

_INTERFACES = """CREATE TEMP TABLE refusing AS
SELECT interface_id, ROW_NUMBER() OVER () - 1 AS place
FROM (SELECT DISTINCT interface_id FROM refused WHERE records > 0 AND interface_id IS NOT NULL)"""

_TUPLES = """SELECT s.place AS source, d.place AS destination, COALESCE(i.place, -1) AS interface,
  COALESCE(r.protocol, 0)::BIGINT AS protocol,
  CASE WHEN r.protocol IN (6, 17) THEN COALESCE(r.srcport, -1) ELSE -1 END::BIGINT AS source_port,
  CASE WHEN r.protocol IN (6, 17) THEN COALESCE(r.dstport, -1) ELSE -1 END::BIGINT AS port,
  t.src IS NOT NULL AS reply,
  r.protocol IN (1, 58) AND EXISTS (SELECT 1 FROM accepted a WHERE a.src = r.dst AND a.dst = r.src
    AND a.protocol = r.protocol) AS both_ways,
  SUM(r.records)::BIGINT AS records, MIN(r.first)::BIGINT AS first, MAX(r.last)::BIGINT AS last
FROM refused r JOIN places s ON s.address = r.src JOIN places d ON d.address = r.dst
  LEFT JOIN refusing i USING (interface_id)
  LEFT JOIN turned t ON t.src = r.src AND t.dst = r.dst AND t.protocol = r.protocol AND t.srcport = r.srcport
    AND t.dstport = r.dstport
WHERE r.records > 0 GROUP BY ALL"""


class RefusedTuples(FlowLogFiles):
    """The distinct refused packets in files and folders."""

    def recorded(self, window: Window) -> Recorded:
        """Return what was refused in the window.

        Files that cannot be read are counted and named. Never raises for what is in a file.
        """
        nothing = FlowLogQuery(frozenset(), frozenset(), window=window)
        with connected() as connection, tempfile.TemporaryDirectory(prefix="whynot-") as folder:
            reading = HotReading(connection, nothing, self._warnings, self._given, Path(folder))
            # Strangers are looked for only to tell who scans, which nothing here asks.
            scan, between, skewed = reading.compared(pruned(self._files, window), lambda _: True)
            connection.execute(_ADDRESSES)
            connection.execute(_INTERFACES)
            columns: dict[str, Any] = connection.execute(_TUPLES).fetchnumpy()
            addresses = connection.execute("SELECT address FROM places ORDER BY place").fetchall()
            interfaces = connection.execute("SELECT interface_id FROM refusing ORDER BY place").fetchall()
            return Recorded(
                engine=ENGINE,
                counts=reading.counted(scan),
                window=between,
                warnings=reading.warned(scan, skewed),
                addresses=tuple(str(address) for (address,) in addresses),
                interfaces=tuple(str(interface) for (interface,) in interfaces),
                **{name: _filled(column) for name, column in columns.items()},
            )


def _filled(column: Any) -> Any:
    """A column of the engine as a plain array: what is not there is 0."""
    import numpy as np

    return np.ma.filled(column, 0) if isinstance(column, np.ma.MaskedArray) else column
