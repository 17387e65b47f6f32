# syntax=docker/dockerfile:1
# One image with the three processes; the command chooses: `ingress serve`, `allocator setup`, and so on.

FROM node:22-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci
COPY web ./
# The console shows them.
COPY docs/runbooks ../docs/runbooks
RUN npm run build

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# Queries are checked against the committed .sqlx, there is no database here. The target folder is a cache, which the
# image does not get; so the binaries are copied out of it in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    SQLX_OFFLINE=true cargo build --release --locked --package ingress --package allocator --package notifier \
 && install -D --target-directory=/out target/release/ingress target/release/allocator target/release/notifier

FROM debian:bookworm-slim
COPY --from=build /out/ /usr/local/bin/
COPY --from=web /src/web/dist /usr/share/firstcome/web
ENV WEB_DIR=/usr/share/firstcome/web
# A number rather than a name, so that Kubernetes can see that it is not root. Nothing is written to the disk.
USER 10001:10001
# 8080 purchases, 8081 live results, 9000 health and metrics: the last is nobody's business outside.
EXPOSE 8080 8081 9000
