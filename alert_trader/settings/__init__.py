"""One source of settings for every process: environment, `.env`, `trader.toml`, and the running local stack.

Lives here: every setting with its default and its checks, by subject. Never here: anything that acts on a
setting.
"""
