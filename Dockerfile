# The worker's image; the command `trader` is in it too, for an operator: `docker compose ... exec worker trader list`.
# Production dependencies alone, each checked against its hash: no Temporal binary, no redis-server.

FROM python:3.11.15-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/alert-trader
COPY requirements.txt requirements-dev.txt ./
RUN /opt/alert-trader/bin/pip install --require-hashes -r requirements.txt
# the build backend, by the hashes it is locked with for development; it stays in this stage
RUN awk '/^setuptools==/ { found = 1 } found { print } found && !/\\$/ { exit }' requirements-dev.txt > backend.txt \
    && python -m venv /opt/backend \
    && /opt/backend/bin/pip install --require-hashes -r backend.txt
COPY pyproject.toml README.md ./
COPY alert_trader alert_trader
RUN /opt/backend/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /build/wheel . \
    && /opt/alert-trader/bin/pip install --no-deps /build/wheel/alert_trader-*.whl

FROM python:3.11.15-slim-bookworm
ENV PATH=/opt/alert-trader/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin trader \
    && install --directory --owner trader --group trader /run/alert-trader /srv/alert-trader /srv/alert-trader/archive
COPY --from=build /opt/alert-trader /opt/alert-trader
COPY deploy/namespace.py /opt/alert-trader/deploy/namespace.py
USER trader
WORKDIR /srv/alert-trader
# the worker writes this file once it polls; the folder is emptied when the container starts (compose mounts a tmpfs there)
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["test", "-s", "/run/alert-trader/ready"]
# -EP: no file of the working directory is run, which the archive is in
CMD ["python", "-EP", "-m", "alert_trader", "worker", "--ready-file", "/run/alert-trader/ready"]
