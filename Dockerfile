# docker build -t scicat-globus-proxy .                              the service
# docker build -t scicat-globus-sandbox --target sandbox .           the emulators of SciCat and Globus

# By digest, so that the same source always gives the same image. It is the index of all platforms, as
# github.com/docker-library/repo-info lists it for this tag. For a newer one:
# docker buildx imagetools inspect node:24-alpine
ARG NODE_IMAGE=node:24.21.0-alpine3.24@sha256:be80f76cf40ec8e42b9bec49f60a55e0660f30af58d3e5a25530785b30ea67e2

# --- what is to be installed
FROM ${NODE_IMAGE} AS manifest
WORKDIR /service
COPY package.json package-lock.json .npmrc ./

# --- all dependencies, for building
FROM manifest AS build
RUN npm ci
COPY tsconfig.json tsconfig.build.json tsconfig.sandbox.json ./
COPY scripts/bundle.mjs scripts/
COPY src src
COPY sandbox sandbox
# npm makes commands executable when it installs a package, which does not happen here.
RUN npm run build && npm run build:sandbox && chmod +x dist/cli/main.js

# --- what the service needs to run, and nothing else
FROM manifest AS dependencies
# Without optional ones: the only one is the TypeScript compiler, which @nestjs/swagger can use.
RUN npm ci --omit=dev --omit=optional

# --- the emulators with the service, to try things out; no part of the image below
FROM ${NODE_IMAGE} AS sandbox
ENV NODE_ENV=production
WORKDIR /service
COPY --from=dependencies /service/node_modules node_modules
COPY --from=build /service/package.json ./
COPY --from=build /service/dist dist
COPY --from=build /service/dist-sandbox dist-sandbox
# For a volume in which a proxy elsewhere finds its configuration; it inherits the owner and mode.
RUN mkdir -m 700 /settings && chown node:node /settings
USER node
CMD ["node", "dist-sandbox/main.js"]

# --- the service
FROM ${NODE_IMAGE} AS service
# XDG_STATE_HOME puts the data folder below /service/data, where a volume is to be mounted;
# PROXY_CONTAINER lets the service warn at start if none is.
ENV NODE_ENV=production \
    PROXY_CONTAINER=1 \
    XDG_STATE_HOME=/service/data
WORKDIR /service
COPY --from=dependencies /service/node_modules node_modules
COPY --from=build /service/dist dist
COPY package.json LICENSE scicat-globus-proxy-config.example.yaml ./
# The example names it, for editors.
COPY config/scicat-globus-proxy-config.schema.json config/
# A fresh named volume inherits the owner and mode of this folder. No VOLUME here: an unnamed one would
# look like a mount and be thrown away with the container all the same.
RUN mkdir -m 700 data && chown node:node data && \
    ln -s /service/dist/cli/main.js /usr/local/bin/scicat-globus-proxy
USER node
# With server.adminPort, the health check asks that port. It is not exposed by default.
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["node", "dist/cli/health-check.js"]
CMD ["node", "dist/main.js"]
