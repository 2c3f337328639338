# syntax=docker/dockerfile:1
# One image for the API (`serve`) and the worker (`work`); compose.yaml starts both beside a Redis.

FROM node:24-bookworm-slim AS build
WORKDIR /portrait
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY client client
COPY data data
COPY models models
COPY src src
COPY training training
COPY tools tools
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /portrait
COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=8080 \
    PORTRAIT_VAR=/var/lib/portrait
WORKDIR /portrait
COPY --from=dependencies /portrait/node_modules node_modules
COPY --from=build /portrait/dist dist
COPY package.json LICENSE ./
COPY data/samples data/samples
# the one writable place, owned by the user that runs
RUN mkdir -p /var/lib/portrait && chown node:node /var/lib/portrait \
    && ln -s /portrait/dist/src/cli/main.js /usr/local/bin/portrait && chmod +x dist/src/cli/main.js
USER node
VOLUME /var/lib/portrait
EXPOSE 8080
# /livez answers as long as the process can; whether Redis is there is /readyz's business
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/portrait/dist/src/cli/main.js"]
CMD ["serve"]
