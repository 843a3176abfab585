"""Stage 7: whether a reading is certain. The first check that fails refuses it, with a PARSE code.

Lives here: the stage with the order of the checks (`check`), the checks of the wording (`wording`), of the
actions (`actions`) and of the contract (`contract`), and what a failed one returns (`refusal`). Never here:
a value that is read from a token, or an opinion on the market.
"""
