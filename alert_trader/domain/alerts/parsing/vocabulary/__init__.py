"""What the stages know about words, dates and numbers: tables, phrases, and the values of tokens.

Lives here: one table for each part that a word can have in a message (`action_words`, `contract_words`,
`exit_words`, `form_names`, `tickers`, `doubtful_words`), the phrases in which a doubtful word is harmless
(`disclaimers`) or that say how much is closed (`portions`), and the values that tokens spell (`values`,
`expirations`). All words are in lower case. Never here: the order of the stages, or a decision about a
message.
"""
