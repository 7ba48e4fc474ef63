"""The operations, one declaration each, in files by subject.

A module here calls :func:`derive.registry.register`; nothing else has to know of it.
"""
