# usersync as an image: docker build -t usersync .   How to run it: docs/install.md, or `docker compose up`.
#
# Whoever needs byte-identical builds pins the base by its digest (python:3.13-slim@sha256:…) and moves it by hand;
# the minor version alone lets security fixes of the base in with every build.

FROM python:3.13-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1
WORKDIR /src

# The dependencies first, as one layer that changes only with the lock: hash-checked, and nothing is compiled.
COPY locks locks
RUN python -m venv /opt/usersync \
    && /opt/usersync/bin/python -m pip install --only-binary :all: --require-hashes -r locks/runtime.txt \
    && python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --only-binary :all: --require-hashes -r locks/build.txt

# Then usersync itself, built by the locked build tools, which stay behind in this stage.
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY db db
COPY web web
RUN /opt/build/bin/python -m pip wheel --no-deps --no-index --no-build-isolation --wheel-dir /wheel . \
    && /opt/usersync/bin/python -m pip install --no-deps --no-index /wheel/usersync-*.whl \
    && /opt/usersync/bin/python -m web.made_ready \
    && /opt/usersync/bin/python -m pip uninstall --yes pip

FROM python:3.13-slim

# A fixed number, so that a mounted folder can be given to it: chown -R 10001 /data
RUN groupadd --gid 10001 usersync \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin usersync \
    && mkdir /data \
    && chown 10001:10001 /data

COPY --from=build /opt/usersync /opt/usersync

# HOME is set for whoever runs it under a number of their own: slack_bolt does not load where there is none.
ENV PATH=/opt/usersync/bin:$PATH \
    HOME=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    USERSYNC_HOST=0.0.0.0

# From here the default database is sqlite:////data/usersync.sqlite3, and nothing else may be written. Were DATABASE_URL
# set instead, it would win over a DATABASE_URL_FILE that somebody hands in.
WORKDIR /
VOLUME /data
USER 10001:10001
EXPOSE 3000

# Whether the process lives. Not whether Slack or the database answers: a restart would mend neither, and takes the
# page away from everybody. It asks this machine, past any proxy.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:%s/healthz' % (os.environ.get('USERSYNC_PORT', '').strip() or os.environ.get('PORT', '').strip() or '3000'), timeout=4).close()"]

CMD ["usersync", "serve"]
