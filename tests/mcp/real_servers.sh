#!/usr/bin/env bash
# Tries munshi's source of tools against servers that others wrote: `server-everything` and `server-filesystem`, taken
# from node's package registry into a temporary folder that is removed again. Needs node, npm and a network; no part of
# the usual tests. Shows the tools, and what their calls brought.
set -euo pipefail
cd "$(dirname "$0")/../.."

for program in node npm; do
    command -v "$program" >/dev/null || { echo "$program is not installed: nothing to try"; exit 0; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --prefix "$folder" --no-audit --no-fund --loglevel=error \
    @modelcontextprotocol/server-everything @modelcontextprotocol/server-filesystem
MUNSHI_MCP_REAL="$folder" cargo test --test mcp real:: -- --ignored --nocapture --test-threads=1
