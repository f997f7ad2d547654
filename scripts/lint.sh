#!/usr/bin/env bash
# Whether every Swift file is formatted as .swift-format says.
set -euo pipefail
cd "$(dirname "$0")/.."
exec swift format lint --strict --parallel --recursive Package.swift Sources Tests Examples Benchmarks
