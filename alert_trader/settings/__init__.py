"""One source of settings for every process: environment, `.env`, `trader.toml`, and the running local stack.

Lives here: what can be set, its defaults and its checks. Never here: anything that acts on a setting.
"""
