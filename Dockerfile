# Errand, every role of it: `docker run errand worker --lane batch`. See docs/deploying.md.

FROM node:24-bookworm-slim AS manifests
WORKDIR /app
# Another registry than npm's own: `docker build --build-arg NPM_CONFIG_REGISTRY=https://…`
ARG NPM_CONFIG_REGISTRY
COPY package.json package-lock.json ./

FROM manifests AS build
# Optional ones too: the compiler for this platform is one.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY scripts/build-console.ts scripts/
RUN npm run build && chmod +x dist/main.js

FROM manifests AS dependencies
# Without optional ones: Node.js is the base image's, and PostgreSQL is not embedded here but has a server of its own.
# Half of what packages bring is for people who look into them: source maps, types, pages to read (not their licences).
RUN npm ci --omit=dev --omit=optional --ignore-scripts \
    && find node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' \
        -o -iname '*.md' ! -iname '*licen[cs]e*' ! -iname '*notice*' ! -iname '*copying*' \) -delete

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    ERRAND_METRICS_HOST=0.0.0.0 \
    ERRAND_DATA_DIR=/var/lib/errand
WORKDIR /app
# For `docker exec … errand keys create`; and the one folder that Errand may write to.
RUN ln -s /app/dist/main.js /usr/local/bin/errand && install -d -o node -g node "$ERRAND_DATA_DIR"
COPY package.json ./
COPY drizzle drizzle
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 CMD ["node", "/app/dist/healthcheck.js"]
# No shell and no npm in between: SIGTERM has to reach Node.js.
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["--help"]
# What this image was built of: `docker build --build-arg VERSION=… --build-arg REVISION=$(git rev-parse HEAD)`
ARG VERSION=unreleased
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Errand" \
      org.opencontainers.image.description="Runs a billing system's custom integrations: renders, sends, retries and records its customers' web request commands" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
