"""The loader under the name that models registered by version 0.1 have written down."""

from covid_xray.registry.loader import _load_pyfunc as _load_pyfunc
