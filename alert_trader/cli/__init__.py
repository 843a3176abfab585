"""`trader`: the operator's command.

Lives here: commands, their options and output. Never here: a decision, the broker, or a call to Temporal that
`control/` does not make. Answers go to stdout, everything else to stderr; every command that reads has
--json.
"""
