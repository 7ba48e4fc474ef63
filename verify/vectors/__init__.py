"""Golden values: inputs of every stratum with outputs and gradients, enclosed by balls and rounded correctly, for any language.

``write`` makes the files (``writing``, in the forms of ``forms``), ``judge`` looks at somebody's (``reading``); ``rounding`` takes
the last step from a ball to a float.  Reading the files needs no backproof: their README says how.
"""

from verify.vectors.reading import judge_vectors
from verify.vectors.writing import write_vectors

__all__ = ["judge_vectors", "write_vectors"]
