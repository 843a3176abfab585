# The worker's image; the command `trader` is in it too, for an operator: `docker compose ... exec worker trader list`.
# Production dependencies alone, each checked against its hash: no Temporal binary, no redis-server.

FROM python:3.11.15-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/alert-trader
COPY requirements.txt requirements-dev.txt ./
RUN /opt/alert-trader/bin/pip install --require-hashes -r requirements.txt
# the extra `tracing`, by the hashes it is locked with for development: TRADER_TRACING=true is a setting, not another image
RUN awk '/^[a-zA-Z]/ { take = /^(opentelemetry-|googleapis-common-protos==)/ && !/^opentelemetry-api==/ } take' \
        requirements-dev.txt > tracing.txt \
    && /opt/alert-trader/bin/pip install --require-hashes --no-deps -r tracing.txt
# the build backend, by the hashes it is locked with for development; it stays in this stage
RUN awk '/^setuptools==/ { found = 1 } found { print } found && !/\\$/ { exit }' requirements-dev.txt > backend.txt \
    && python -m venv /opt/backend \
    && /opt/backend/bin/pip install --require-hashes -r backend.txt
COPY pyproject.toml README.md ./
COPY alert_trader alert_trader
RUN /opt/backend/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /build/wheel . \
    && /opt/alert-trader/bin/pip install --no-deps /build/wheel/alert_trader-*.whl

FROM python:3.11.15-slim-bookworm
LABEL org.opencontainers.image.title="alert-trader" \
      org.opencontainers.image.description="Trades option alerts of Discord channels, durably" \
      org.opencontainers.image.version="0.2.0"
# HOME and TMPDIR: matplotlib keeps its cache there, DuckDB what does not fit into memory; the root is read-only
ENV PATH=/opt/alert-trader/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp TMPDIR=/var/tmp
RUN groupadd --system --gid 10001 trader \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin trader \
    && install --directory --owner trader --group trader /run/alert-trader /srv/alert-trader \
        /srv/alert-trader/archive /srv/alert-trader/stop
COPY --from=build /opt/alert-trader /opt/alert-trader
COPY deploy/namespace.py /opt/alert-trader/deploy/namespace.py
USER 10001:10001
WORKDIR /srv/alert-trader
# the worker writes this file once it polls, and touches it every 5 s; the folder is emptied when the container starts (compose mounts a
# tmpfs there)
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["/bin/sh", "-c", "find /run/alert-trader/ready -mmin -0.5 | grep -q ."]
# -EP: no file of the working directory is run, which the archive is in
CMD ["python", "-EP", "-m", "alert_trader", "worker", "--ready-file", "/run/alert-trader/ready"]
