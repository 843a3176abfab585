"""Stage 4: what a message may be - entry, exit or addition - with the tokens of its action.

Lives here: the stage (`find`), its value (`candidate`), and the sentences that close something (`closing`).
Never here: the fields of a contract, or a check.
"""
