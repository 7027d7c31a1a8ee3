#!/bin/sh
# nightly.sh CUSTOMER FILE.ndjson: hands over a line {"tokens": {"InvoiceNumber": "…"}} an invoice, and waits for the end.
set -eu
: "${ERRAND_URL:=http://127.0.0.1:3000}" "${ERRAND_API_KEY:?}"
errand() { curl -sS --fail-with-body -H "Authorization: Bearer $ERRAND_API_KEY" "$@"; }

# Streamed, however long it is. Accepted as a whole or not at all; a stream is never sent twice.
batch=$(errand -X POST -H 'Content-Type: application/x-ndjson' -T "$2" \
  "$ERRAND_URL/v1/batches?integration=$1&command=GetInvoiceImage&run=nightly-$(date +%F)" | jq -r .id)

# The events end when the batch has ended; a connection that breaks before is opened again.
until errand -N "$ERRAND_URL/v1/batches/$batch/events" | grep -q '^event: end'; do sleep 2; done

errand "$ERRAND_URL/v1/batches/$batch/report" -H 'Accept: text/csv'
errand "$ERRAND_URL/v1/batches/$batch" | jq -e '.outcome == "clean"' >/dev/null
