"""Stage 5: the tokens of each field of the contract that a candidate names, without judging them.

Lives here: the stage (`collect`), its value (`values`), and the two ways of writing a contract: prose
(`prose`, with `walk` for what it remembers, `numbers` and `dates` for the field that a number or date
belongs to) and forms (`forms`). Never here: a check, or the value that a token spells.
"""
