"""The Omnitron integration API (spec: omnitron), below /api/i1/ and /api/v1/."""
