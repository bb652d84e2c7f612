# One static binary on nothing: no shell, no root. Reports go to /out:
#   docker run --rm -v "$PWD:/out" --user "$(id -u)" -e SCIM_TOKEN scimproof check https://scim.example.com/scim/v2 --token env:SCIM_TOKEN --out-dir .
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /scimproof ./cmd/scimproof && mkdir /empty

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /scimproof /scimproof
COPY --from=build --chown=65532:65532 /empty /out
COPY --from=build --chown=65532:65532 /empty /tmp
ENV HOME=/out XDG_CACHE_HOME=/out/.cache
WORKDIR /out
USER 65532:65532
ENTRYPOINT ["/scimproof"]
