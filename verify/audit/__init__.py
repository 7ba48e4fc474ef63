"""The audit: a file of claims, each judged by a general mechanism, never by a table of answers.

``claims`` reads the file, ``kinds`` holds one module for each kind of claim, ``judging`` tries a statement as it stands and in
its other readings, ``found`` is what comes out.
"""

from verify.audit.claims import Check, ClaimError, Claims, load, read
from verify.audit.found import Found, Outcome
from verify.audit.judging import Audit, Judged, audit

__all__ = ["Audit", "Check", "ClaimError", "Claims", "Found", "Judged", "Outcome", "audit", "load", "read"]
