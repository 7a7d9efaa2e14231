"""What is counted, in Prometheus's form. No name, address or question is ever a label."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 120)


class Metrics:
    """The counters of one process. Methods may be called from any thread."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._events = Counter("whynot_slack_events", "Deliveries by type", ["type"], registry=self.registry)
        self._duplicates = Counter("whynot_duplicates", "Deliveries seen before", registry=self.registry)
        self._refused = Counter("whynot_refused", "Questions that were refused", ["reason"], registry=self.registry)
        self._ended = Counter("whynot_questions", "Questions that ended", ["outcome"], registry=self.registry)
        self._seconds = Histogram(
            "whynot_question_seconds", "From a question to its answer", buckets=_SECONDS, registry=self.registry
        )
        self._ack = Histogram(
            "whynot_ack_seconds", "Until Slack's delivery was acknowledged", buckets=_SECONDS, registry=self.registry
        )
        self._errors = Counter(
            "whynot_slack_api_errors", "Failed calls of Slack's API", ["method", "error"], registry=self.registry
        )
        self._faults = Counter("whynot_faults", "What nobody foresaw", registry=self.registry)
        self._reconnects = Counter("whynot_socket_connects", "Connections opened to Slack", registry=self.registry)
        self.waiting = Gauge("whynot_waiting", "Questions that wait", registry=self.registry)
        self.running = Gauge("whynot_running", "Questions that are worked on", registry=self.registry)
        self.lost_threads = Gauge("whynot_lost_threads", "Threads that a question holds", registry=self.registry)
        self.connected = Gauge("whynot_connected", "Whether Slack is connected", registry=self.registry)
        self.network_age = Gauge("whynot_network_read_seconds", "How long the last read took", registry=self.registry)

    def delivery(self, kind: str) -> None:
        """Something came from Slack."""
        self._events.labels(kind).inc()

    def duplicate(self) -> None:
        """It had come before."""
        self._duplicates.inc()

    def refused(self, reason: str) -> None:
        """A question was refused."""
        self._refused.labels(reason).inc()

    def ended(self, outcome: str, seconds: float) -> None:
        """A question ended: with a verdict, or stopped, failed, asked back."""
        self._ended.labels(outcome).inc()
        self._seconds.observe(max(0.0, seconds))

    def acknowledged(self, seconds: float) -> None:
        """A delivery was acknowledged."""
        self._ack.observe(seconds)

    def slack_error(self, method: str, code: str) -> None:
        """A call of Slack's API failed."""
        self._errors.labels(method, code[:60]).inc()

    def fault(self) -> None:
        """Something failed that nobody foresaw."""
        self._faults.inc()

    def connect(self) -> None:
        """A connection to Slack was opened."""
        self._reconnects.inc()

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self.registry)
