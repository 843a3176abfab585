"""`trader`: the operator's command.

Lives here: what a person types and sees. Never here: a decision, the broker, or a call to Temporal that `control/` does not make.
Answers go to stdout, everything else to stderr; every read takes --json.
"""
