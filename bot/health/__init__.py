"""How the program is: probes that tell the truth, metrics, and log lines without secrets."""
