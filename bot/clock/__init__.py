"""The clock: when a summary is due, and that it is said once. The only place that knows the timetable's library."""
