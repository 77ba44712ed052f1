# The image holds the executable and nothing else. The volume /desk keeps the
# data folder and, beside it, the key: back both up, apart from each other.

FROM node:20-bookworm-slim AS screens
WORKDIR /src/ui
COPY ui/package.json ui/package-lock.json ./
RUN PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund
COPY ui ./
RUN npm run build

FROM golang:1.26-bookworm AS program
ENV GOTOOLCHAIN=auto CGO_ENABLED=0
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=screens /src/ui/dist ui/dist
ARG VERSION=dev
ARG COMMIT=unknown
RUN go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT" -o /out/deskbell . \
    && mkdir -m 700 /out/desk

FROM scratch
COPY --from=program /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=program /out/deskbell /deskbell
COPY --from=program --chown=65532:65532 /out/desk /desk
USER 65532:65532
ENV DESKBELL_DIR=/desk/data DESKBELL_HTTP=0.0.0.0:8090
VOLUME /desk
EXPOSE 8090
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s CMD ["/deskbell", "ready"]
ENTRYPOINT ["/deskbell"]
CMD ["serve"]
