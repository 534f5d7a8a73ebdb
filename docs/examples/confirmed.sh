#!/bin/sh
# Prints each card that is confirmed.
#
#     sh docs/examples/confirmed.sh [ENDPOINT]
set -eu

card-scanner watch --json --topic card.confirmed --connect "${1:-tcp://127.0.0.1:5556}" |
    jq --raw-output --unbuffered '"confirmed: \(.card_id) \(.card.name)"'
