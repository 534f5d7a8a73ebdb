"""Files for collection managers and shops, made from the log of scans; `docs/exports.md` says what each takes."""
