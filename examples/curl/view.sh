#!/bin/sh
# view.sh CUSTOMER INVOICE FILE: the customer's own PDF of an invoice, in one call.
set -eu
: "${ERRAND_URL:=http://127.0.0.1:3000}" "${ERRAND_API_KEY:?}"

# With a key, so that it can be sent again where nothing answered, or not now. Not after 502: an invocation that failed has had
# its tries.
key="view-$2-$$-$(date +%s)"
for pause in 1 2 4 0; do
  status=$(curl -sS -o "$3" -w '%{http_code}' --max-time 30 "$ERRAND_URL/v1/invocations" \
    -H "Authorization: Bearer $ERRAND_API_KEY" -H 'Content-Type: application/json' \
    -H 'Accept: application/pdf' -H 'Prefer: wait=20' -d "{\"integration\": \"$1\", \"command\": \"GetInvoiceImage\",
      \"tokens\": {\"InvoiceNumber\": \"$2\"}, \"idempotencyKey\": \"$key\"}") || true
  case $status in 000 | 429 | 503 | 504) sleep $pause ;; *) break ;; esac
done

[ "$status" = 200 ] && exit
# 202: it has not ended. Anything else is a problem (RFC 9457). Neither is an invoice.
[ ! -f "$3" ] || cat "$3" >&2
rm -f "$3"
exit 1
