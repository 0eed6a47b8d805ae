# The steps are those of `make run`: install, static, serve. Production values come from the environment
# (.env.example); without them the container refuses to be half configured.
FROM python:3.11-slim

RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --home-dir /srv/medici medici
USER medici
WORKDIR /srv/medici

COPY --chown=medici Makefile requirements.txt ./
RUN make install

COPY --chown=medici . .
# Collecting needs no secret. One that was made on the way must not become part of the image.
RUN make static && rm -rf var/secrets && mkdir -p var/media

ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
# Uploaded pictures. Never mount all of var: the collected static files of this image are in it.
VOLUME /srv/medici/var/media

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD .venv/bin/python -c "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz')"
CMD [".venv/bin/python", "manage.py", "serve"]
