# The app for production, with a Postgres of your own: docker run -e DBOS_SYSTEM_DATABASE_URL=… -p 60000:60000 breakwater

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Scripts are skipped: the image brings Node, and what they would link is copied below.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY workflows workflows
COPY sandbox sandbox
COPY scripts scripts
COPY bench bench
COPY web web
RUN node_modules/.bin/tsc -p tsconfig.json && node_modules/.bin/vite build --config web/vite.config.ts

FROM node:24-bookworm-slim AS modules
WORKDIR /app
COPY package.json package-lock.json ./
# Optional packages are the embedded Postgres, which production does not use.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 BREAKWATER_DATA_DIR=/var/lib/breakwater
WORKDIR /app
COPY --from=modules /app/node_modules node_modules
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/dist/workflows dist/workflows
COPY --from=build /app/dist/sandbox dist/sandbox
COPY --from=build /app/dist/web dist/web
COPY package.json ./
COPY workflows workflows
COPY migrations migrations
RUN install -d -o node -g node -m 0700 /var/lib/breakwater
USER node
VOLUME /var/lib/breakwater
EXPOSE 60000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 60000}/ready`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--disable-warning=DeprecationWarning", "--enable-source-maps", "dist/src/bin.js"]
CMD ["start"]
